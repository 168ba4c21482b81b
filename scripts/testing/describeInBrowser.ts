import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { type BrowserOptions, findChromium, sharedChromium } from './chromium.ts';
import { type PageOptions, type TestBrowser, type TestPage, testBrowser } from './openBrowser.ts';

export type OpenPage = <Module = object>(options: PageOptions) => Promise<TestPage<Module>>;

export type Prepare = (open: () => Promise<void>) => void;

/**
 * Describes `suite` in the Chromium of its worker, or reports it as skipped where there is none. A page that is opened in `prepare`
 * serves all tests of the suite, which saves seconds a test; one that a test opens closes with the test. A test fails when
 * one of its pages has complained on the console or thrown. What is given to `prepare`, in place of `beforeAll`, runs again
 * before a second attempt at a test, without the pages that the first attempt has left behind.
 *
 *   describeInBrowser('a sprite', (openPage, prepare) => {
 *     let page: TestPage<typeof import('./spritePage.ts')>;
 *     prepare(async () => {
 *       page = await openPage({ module: 'plugin/sprite/spritePage.ts' });
 *     });
 *     it('…', async () => {
 *       expect(await page.call('drawSprites', 3)).toEqual(…);
 *     });
 *   });
 */
export function describeInBrowser(
  name: string,
  suite: (openPage: OpenPage, prepare: Prepare) => void,
  options: BrowserOptions = { webgpu: true },
): void {
  if (!findChromium()) {
    describe.skip(`${name} (no Chromium: neither /usr/bin/chromium nor $CHROMIUM)`, () => suite(noPage, beforeAll));
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

    const openPage: OpenPage = async <Module>(pageOptions: PageOptions) => {
      const page = await browser.openPage<Module>(pageOptions);
      pages[isInTest ? 'ofTest' : 'ofSuite'].push(page as TestPage<unknown>);
      return page;
    };

    suite(openPage, (open) => {
      beforeAll(open);
      beforeEach(async ({ task }) => {
        if (!task.result?.retryCount) return;
        await Promise.all(pages.ofSuite.splice(0).map((page) => page.close()));
        isInTest = false;
        await open();
        isInTest = true;
      });
    });
  });
}

const noPage: OpenPage = () => Promise.reject(new Error('describeInBrowser: there is no Chromium'));
