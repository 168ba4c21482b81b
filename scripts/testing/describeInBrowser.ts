import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { findChromium } from './chromium.ts';
import { type BrowserOptions, openBrowser, type PageOptions, type TestBrowser, type TestPage } from './openBrowser.ts';

export type OpenPage = <Module = object>(options: PageOptions) => Promise<TestPage<Module>>;

/**
 * Describes `suite` in one Chromium, or reports it as skipped where there is none. Its pages close with the test that
 * opened them, which fails when one has complained on the console or thrown.
 *
 *   describeInBrowser('a sprite', (openPage) => {
 *     it('…', async () => {
 *       const page = await openPage<typeof import('./spritePage.ts')>({ module: 'plugin/sprite/spritePage.ts' });
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
    let pages: TestPage<unknown>[] = [];

    beforeAll(async () => {
      browser = await openBrowser(options);
    });

    afterEach(async () => {
      const closing = pages;
      pages = [];
      const errors = closing.flatMap((page) => page.takeErrors());
      await Promise.all(closing.map((page) => page.close()));
      expect(errors, 'errors in the page').toEqual([]);
    });

    afterAll(() => browser?.close());

    suite(async <Module>(pageOptions: PageOptions) => {
      const page = await browser.openPage<Module>(pageOptions);
      pages.push(page as TestPage<unknown>);
      return page;
    });
  });
}

const noPage: OpenPage = () => Promise.reject(new Error('describeInBrowser: there is no Chromium'));
