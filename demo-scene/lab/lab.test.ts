// The guidance lab in a real browser, with a model so small that pictures take no time.
import { beforeAll, expect, it, vi } from 'vitest';
import type { RecipeOptions } from '../../plugin/index.ts';
import { describeInBrowser } from '../../plugin/testing/describeInBrowser.ts';
import type { PageOptions, TestPage } from '../../plugin/testing/openBrowser.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { buildDemoSite } from '../../scripts/demoSite.ts';

interface Page {
  recipe(): RecipeOptions | null;
}

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let site: PageOptions;

/** The lab as it is served, its model replaced. */
async function buildSite(): Promise<PageOptions> {
  const site = await buildDemoSite();
  const model = Object.entries(await tinyModelFolder()).map(([name, bytes]) => [`/models/portraits/${name}`, bytes]);
  return { ...site, files: { ...site.files, ...Object.fromEntries(model) } };
}

/** Waits until the picture and all strips are painted. */
async function ready({ playwright }: TestPage<Page>): Promise<void> {
  await playwright.waitForFunction(() => document.body.dataset.state === 'ready');
}

/** The large picture's bytes. */
function picture({ playwright }: TestPage<Page>): Promise<number[]> {
  return playwright.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#portrait canvas')!;
    return Array.from(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data);
  });
}

/** Types a number into a field of the panel. */
async function enter(page: TestPage<Page>, field: string, value: number): Promise<void> {
  await page.playwright.getByLabel(field, { exact: true }).fill(String(value));
  await ready(page);
}

function hashOf({ playwright }: TestPage<Page>): string {
  return decodeURIComponent(new URL(playwright.url()).hash);
}

describeInBrowser('the guidance lab', (openPage) => {
  beforeAll(async () => {
    site = await buildSite();
  });

  /** @param hash the settings in the address; each page begins without stored pictures */
  async function openLab(hash = ''): Promise<TestPage<Page>> {
    const page = await openPage<Page>({ ...site, path: `lab.html${hash}` });
    await ready(page);
    return page;
  }

  it('paints the picture and the strips', async () => {
    const page = await openLab();
    const pixels = await picture(page);
    expect(pixels).toHaveLength(4 * 16 * 16);
    expect(new Set(pixels).size).toBeGreaterThan(32);
    const cells = page.playwright.locator('.cells button');
    expect(await cells.allTextContents()).toEqual([
      ...['0', '1', '1.5', '2', '3', '5', '8'],
      ...['2', '4', '8', '16', '32'],
      ...['0', '1', '2', '3', '4', '5', '6', '7'],
    ]);
    expect(await page.playwright.locator('.cells [data-stale]').count()).toBe(0);
    expect(await page.playwright.locator('.cells [aria-pressed=true]').allTextContents()).toEqual(['2', '7']);
    expect(await page.playwright.locator('[data-status=backend]').textContent()).toBe('wasm: A worker paints on wasm.');
    expect(await page.playwright.locator('[data-status=step]').textContent()).toMatch(/^about [\d.]+ ms$/);
    expect(await page.playwright.locator('[data-status=queue]').textContent()).toBe('0');
    expect(await page.playwright.locator('#schedule .steps').textContent()).toContain('3 steps of ddim, from t = 666');
  });

  it('paints another picture at another guidance scale, and the same one for the same settings', async () => {
    const page = await openLab();
    const before = await picture(page);
    await enter(page, 'guidance scale', 6);
    const guided = await picture(page);
    expect(guided).not.toEqual(before);
    await enter(page, 'guidance scale', 2);
    expect(await picture(page)).toEqual(before);
    const fresh = await openLab('#label=elf&seed=7&guidance=6&sampler=ddim&steps=3');
    expect(await picture(fresh)).toEqual(guided);
  });

  it('ends 30 rapid changes in the last picture', async () => {
    const page = await openLab('#steps=20');
    await page.playwright.evaluate(async () => {
      const rows = [...document.querySelectorAll('.lil-number')];
      const input = rows.find((row) => row.textContent === 'guidance scale')!.querySelector('input')!;
      for (let change = 1; change <= 30; change++) {
        input.value = String(change / 4);
        input.dispatchEvent(new Event('input'));
        await new Promise((resolve) => setTimeout(resolve, 8));
      }
    });
    await ready(page);
    expect(await page.call('recipe')).toMatchObject({ guidanceScale: 7.5, numInferenceSteps: 20 });
    expect(await page.playwright.locator('[data-status=queue]').textContent()).toBe('0');
    expect(await page.playwright.locator('.cells [data-stale]').count()).toBe(0);
    await expect.poll(() => hashOf(page)).toContain('guidance=7.5&');
    const fresh = await openLab(hashOf(page));
    expect(await picture(fresh)).toEqual(await picture(page));
  });

  it("takes over a strip's setting at a click", async () => {
    const page = await openLab();
    const cell = page.playwright.getByRole('group', { name: 'Seeds' }).getByRole('button', { name: '3' });
    await cell.click();
    await ready(page);
    expect(await page.call('recipe')).toMatchObject({ label: 'elf', seed: 3 });
    expect(await cell.getAttribute('aria-pressed')).toBe('true');
    expect(await page.playwright.getByLabel('seed', { exact: true }).inputValue()).toBe('3');
    await expect.poll(() => hashOf(page)).toContain('seed=3&');
  });

  it('follows the address, and says what in it is wrong', async () => {
    const page = await openLab('#label=orc&guidance=lots&interval=300-700');
    expect(await page.call('recipe')).toMatchObject({ label: 'orc', guidanceScale: 2, guidanceInterval: [300, 700] });
    expect(await page.playwright.locator('#notice').textContent()).toContain('guidance "lots"');
    await page.playwright.evaluate(() => {
      location.hash = '#label=goblin&sampler=dpm++&steps=4';
    });
    await expect.poll(() => page.call('recipe')).toMatchObject({ label: 'goblin', sampler: 'dpm++' });
    await ready(page);
    expect(await page.playwright.locator('#notice').textContent()).toBe('');
    expect(await page.playwright.getByLabel('eta (DDIM)').isVisible()).toBe(false);
  });

  it('copies the link and the recipe, and saves the picture', async () => {
    const page = await openLab('#seed=11');
    const { playwright } = page;
    await playwright.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = async (button: string) => {
      await playwright.getByRole('button', { name: button, exact: true }).click();
      await playwright.getByText('is on the clipboard').waitFor();
      return playwright.evaluate(() => navigator.clipboard.readText());
    };
    expect(await copied('Copy link')).toMatch(/lab\.html#label=elf&seed=11&guidance=2&sampler=ddim&steps=3$/);
    await playwright.getByRole('button', { name: 'random seed' }).click();
    await ready(page);
    const recipe = await page.call('recipe');
    expect(recipe!.seed).not.toBe(11);
    const downloading = playwright.waitForEvent('download');
    await playwright.getByRole('button', { name: 'Download PNG' }).click();
    expect((await downloading).suggestedFilename()).toBe(`elf-${recipe!.seed}-guidance-2.png`);
    expect(JSON.parse(await copied('Copy'))).toEqual(recipe);
  });

  it('shows a panel when the model does not load', async () => {
    const { '/models/portraits/model_index.json': _, ...files } = site.files!;
    const page = await openPage<Page>({ ...site, files, folders: {}, path: 'lab.html' });
    await page.playwright.getByRole('alert').waitFor();
    expect(await page.playwright.getByRole('alert').textContent()).toContain('model_index.json');
    expect(await page.playwright.locator('main').isVisible()).toBe(false);
    page.takeErrors(); // the browser reports the missing file
  });
});
