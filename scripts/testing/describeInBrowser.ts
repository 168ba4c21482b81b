import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { type BrowserOptions, findChromium, sharedChromium } from './chromium.ts';
import { type PageOptions, type TestBrowser, type TestPage, testBrowser } from './openBrowser.ts';

export type OpenPage = <Module = object>(options: PageOptions) => Promise<TestPage<Module>>;

/**
 * Describes `suite` in the Chromium of its worker, or reports it as skipped where there is none. A page that is opened in `beforeAll`
 * serves all tests of the suite, which saves seconds a test; one that a test opens closes with the test. A test fails when
 * one of its pages has complained on the console or thrown.
 *
 *   describeInBrowser('a sprite', (openPage) => {
 *     let page: TestPage<typeof import('./spritePage.ts')>;
 *     beforeAll(async () => {
 *       page = await openPage({ module: 'plugin/sprite/spritePage.ts' });
 *     });
 *     it('…', async () => {
 *       expect(await page.call('drawSprites', 3)).toEqual(…);
 *     });
 *   });
 */
export function describeInBrowser(
  name: string,
  suite: (openPage: OpenPage) => void,
  options: BrowserOptions = { webgpu: true },
): void {
  if (!findChromium()) {
    describe.skip(`${name} (no Chromium: neither /usr/bin/chromium nor $CHROMIUM)`, () => suite(noPage));
    return;
  }
  describe(name, () => {
    let browser: TestBrowser;
    const pages = { ofSuite: [] as TestPage<unknown>[], ofTest: [] as TestPage<unknown>[] };
    let isInTest = false;

    beforeAll(async () => {
      browser = testBrowser(await sharedChromium(options));
    });

    beforeEach(() => {
      isInTest = true;
    });

    afterEach(async () => {
      isInTest = false;
      const closing = pages.ofTest.splice(0);
      const errors = [...pages.ofSuite, ...closing].flatMap((page) => page.takeErrors());
      await Promise.all(closing.map((page) => page.close()));
      expect(errors, 'errors in the page').toEqual([]);
    });

    afterAll(async () => {
      await Promise.all(pages.ofSuite.map((page) => page.close()));
    });

    suite(async <Module>(pageOptions: PageOptions) => {
      const page = await browser.openPage<Module>(pageOptions);
      pages[isInTest ? 'ofTest' : 'ofSuite'].push(page as TestPage<unknown>);
      return page;
    });
  });
}

const noPage: OpenPage = () => Promise.reject(new Error('describeInBrowser: there is no Chromium'));
