// A lab that tests visit: what is served, what it shows, and what a visitor types.
import type { RecipeOptions } from '../../plugin/index.ts';
import { TINY_MATERIALS } from '../../plugin/testing/tinyScene.ts';
import { classifierFolderFiles } from '../../runtime/index.ts';
import { tinyClassifierFiles, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { withSiteList } from '../../scripts/build/siteList.ts';
import { demoSite } from '../../scripts/testing/demoSite.ts';
import type { PageOptions, TestPage } from '../../scripts/testing/openBrowser.ts';

export interface LabConsole {
  recipe(): RecipeOptions | null;
}

/** The lab as it is served, with models so small that pictures take no time. */
export async function labSite(): Promise<PageOptions> {
  const site = await demoSite();
  const attributes = { hair_colour: ['black', 'red'], wear: { min: 0, max: 1 } };
  const files = {
    ...site.files,
    ...servedFrom('/models/portraits/', await tinyModelFolder({ kind: 'portraits', attributes })),
    ...servedFrom('/models/stones/', await tinyModelFolder({ ...TINY_MATERIALS, labels: ['plaster'] })),
    ...servedFrom('/models/pupil/', await tinyModelFolder({ kind: 'portraits', student: true })),
    ...servedFrom(
      '/classifiers/portraits-ornate/',
      await classifierFolderFiles(tinyClassifierFiles(['plain', 'ornate'])),
    ),
  };
  return { ...withSiteList({ ...site, files }), viewport: { width: 1280, height: 720 } };
}

/** The files of a folder by the addresses that they are fetched from. */
function servedFrom(folder: string, files: Record<string, Uint8Array>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [folder + name, bytes]));
}

/** Waits until the picture and all strips are painted. */
export async function ready({ playwright }: TestPage<LabConsole>): Promise<void> {
  await playwright.waitForFunction(() => document.body.dataset.state === 'ready');
}

/** Has the page take its settings from another address, as when a person changes it. */
export async function show(page: TestPage<LabConsole>, hash = ''): Promise<void> {
  await page.playwright.evaluate((address) => {
    history.replaceState(null, '', address || location.pathname);
    dispatchEvent(new HashChangeEvent('hashchange')); // even where it is the same
  }, hash);
  await ready(page);
}

/** The bytes of a picture, the large one unless told. */
export async function picture(page: TestPage<LabConsole>, selector = '#picture canvas'): Promise<number[]> {
  return (await pictures(page, selector))[0]!;
}

export function pictures({ playwright }: TestPage<LabConsole>, selector: string): Promise<number[][]> {
  return playwright.evaluate((all) => {
    const canvases = [...document.querySelectorAll<HTMLCanvasElement>(all)];
    return canvases.map((canvas) =>
      Array.from(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data),
    );
  }, selector);
}

export function text({ playwright }: TestPage<LabConsole>, selector: string): Promise<string | null> {
  return playwright.locator(selector).textContent();
}

/** Types a number into a field of the panel. */
export async function enter(page: TestPage<LabConsole>, field: string, value: number): Promise<void> {
  await page.playwright.getByLabel(field, { exact: true }).fill(String(value));
  await ready(page);
}

/** Gives the settings in the address of a lab's page, as a person reads them: `#label=elf&seed=7&…`. */
export function hashOf({ playwright }: TestPage<LabConsole>): string {
  return decodeURIComponent(new URL(playwright.url()).hash);
}
