// A real browser for tests: pages that run one module of this repository, and what they complained of.
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '../node/packageRoot.ts';
import { type SiteOptions, serveSite } from '../node/serveSite.ts';
import { bundlePage } from './bundlePage.ts';
import { type BrowserOptions, launchChromium } from './chromium.ts';

export interface PageOptions extends SiteOptions {
  /**
   * A module of this repository (`plugin/testing/smokePage.ts`), whose exports the test calls; it sees `#canvas`. Without
   * it the site has a page of its own, which sets `globalThis.page` to what can be called.
   */
  module?: string;
  /** What to open; default: `index.html`. */
  path?: string;
  /**
   * Let a third of the frames be drawn, and one of them in twenty reach the GPU, with a sixteenth of the pixels: a software
   * GPU takes the processor from what the test is about. The page runs as ever, but for WebGL's picture of it.
   */
  fewFrames?: boolean;
  /** Let the page think that it lies behind another: what waits until somebody looks does not begin. */
  unseen?: boolean;
  /** The window; default: a small one, for what has no look of its own. */
  viewport?: { width: number; height: number };
  /** Let the page have a service worker, which other tests do without. */
  serviceWorker?: boolean;
}

/** The functions among a module's exports, and what a test gets of them: plain data, by value. */
type Calls<Module> = { [Name in keyof Module]: Module[Name] extends (...values: never[]) => unknown ? Name : never };
type CallName<Module> = Calls<Module>[keyof Module] & string;
type Call<Value> = Value extends (...values: infer Values) => infer Result
  ? { values: Values; result: Awaited<Result> }
  : never;

export interface TestPage<Module> {
  /** Calls what the module exports, in the page. */
  call<Name extends CallName<Module>>(
    name: Name,
    ...values: Call<Module[Name]>['values']
  ): Promise<Call<Module[Name]>['result']>;
  /** Opens the page again, as a reload does; storage is kept. */
  reload(): Promise<void>;
  /** Errors of the page since the last call: uncaught ones, those on the console, and crashes. */
  takeErrors(): string[];
  readonly playwright: Page;
  /** Ends the server of the page's site. */
  endServer(): Promise<void>;
  close(): Promise<void>;
}

export interface TestBrowser {
  /** @throws Error when the page fails while it loads */
  openPage<Module = object>(options: PageOptions): Promise<TestPage<Module>>;
  close(): Promise<void>;
}

const FEW_FRAMES = path.join(packageRoot(), 'scripts/testing/fewFrames.js');

/** Starts Chromium. */
export async function openBrowser(options: BrowserOptions): Promise<TestBrowser> {
  return testBrowser(await launchChromium(options));
}

/** Wraps a running browser in the functions that tests need. */
export function testBrowser(browser: Browser): TestBrowser {
  return {
    async openPage<Module>({
      module,
      path: address = '',
      fewFrames = false,
      unseen = false,
      viewport = { width: 320, height: 240 },
      serviceWorker = false,
      ...site
    }: PageOptions): Promise<TestPage<Module>> {
      const files = { ...(module === undefined ? {} : await bundlePage(module)), ...site.files };
      const { url, close } = await serveSite({ ...site, files });
      const deviceScaleFactor = fewFrames ? 0.25 : 1;
      const context = await browser.newContext({
        viewport,
        deviceScaleFactor,
        serviceWorkers: serviceWorker ? 'allow' : 'block',
      });
      context.setDefaultTimeout(0); // the test's own limits
      if (fewFrames) await context.addInitScript({ path: FEW_FRAMES });
      if (unseen) await context.addInitScript(hide);
      const playwright = await context.newPage();
      const errors = collectErrors(playwright);
      const page = testPage<Module>(playwright, errors, {
        endServer: close,
        close: async () => {
          await context.close();
          await close();
        },
      });
      try {
        await load(playwright, errors, () => playwright.goto(url + address));
        return page;
      } catch (error) {
        await page.close();
        throw error;
      }
    },
    close: () => browser.close(),
  };
}

/** Run in a page before its own scripts. */
function hide(): void {
  Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
}

function testPage<Module>(
  playwright: Page,
  errors: string[],
  ends: Pick<TestPage<Module>, 'endServer' | 'close'>,
): TestPage<Module> {
  return {
    playwright,
    ...ends,
    takeErrors: () => errors.splice(0),
    reload: () => load(playwright, errors, () => playwright.reload()),
    call: (name, ...values) =>
      playwright.evaluate(
        ([called, given]) => {
          const { page } = globalThis as unknown as { page: Record<string, (...all: unknown[]) => never> };
          return page[called]!(...given);
        },
        [name, values] as [string, unknown[]],
      ),
  };
}

function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? String(error)));
  page.on('crash', () => errors.push('the page crashed'));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`console: ${message.text()} (${message.location().url})`);
  });
  return errors;
}

/** Waits for the page's script, or for the error that keeps it from ending. */
async function load(page: Page, errors: string[], open: () => Promise<unknown>): Promise<void> {
  const failed = new Promise<never>((_, reject) => page.once('pageerror', reject));
  failed.catch(() => {}); // after the page has loaded, its errors are the test's to find
  await open();
  const ready = page.waitForFunction(() => 'page' in globalThis);
  await Promise.race([ready, failed]).catch((error) => {
    throw new Error(`openPage: the page's script did not end: ${error}\n${errors.join('\n')}`, { cause: error });
  });
}
