// The guidance lab in a real browser: its settings, strips and plots.
import { encode } from 'fast-png';
import { expect, it, vi } from 'vitest';
import { describeInBrowser, type OpenPage, type Prepare } from '../../scripts/testing/describeInBrowser.ts';
import { flawsOfAccess } from '../../scripts/testing/flawsOfAccess.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';
import {
  enter,
  hashOf,
  type LabConsole,
  labSite,
  picture,
  pictures,
  ready,
  show,
  text,
} from '../testing/visitedLab.ts';

/** tfjs, where a script holds it. */
interface Engine {
  state: { numTensors: number };
}

/** All pictures, the plots left out. */
const PICTURES = 'main canvas:not(.uplot canvas)';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describeInBrowser('the guidance lab', inLab, { webgpu: false, compositing: 'cpu' });

function inLab(openPage: OpenPage, prepare: Prepare): void {
  let page: TestPage<LabConsole>;
  /** A page that has no picture of the other's in its store, and must paint it itself. */
  let elsewhere: TestPage<LabConsole>;

  prepare(async () => {
    const site = await labSite();
    const other = 'lab.html#label=orc&guidance=lots&interval=300-700';
    [page, elsewhere] = await Promise.all([
      openPage<LabConsole>({ ...site, path: 'lab.html', serviceWorker: true }),
      openPage<LabConsole>({ ...site, path: other }),
    ]);
    await Promise.all([ready(page), ready(elsewhere)]);
  });

  it('asks for attributes, "any" first, and keeps them in the address', async () => {
    await show(page);
    const before = await picture(page);
    const hair = page.playwright.getByLabel('hair colour', { exact: true });
    expect(await hair.locator('option').allTextContents()).toEqual(['any', 'black', 'red']);
    await hair.selectOption('red');
    const wear = page.playwright.locator('.lil-number', { hasText: /^wear$/ });
    const opacity = () => wear.evaluate((row) => getComputedStyle(row).opacity);
    expect(await opacity(), 'beside "any"').toBe('0.5');
    await wear.locator('.lil-slider').click({ position: { x: 3, y: 9 } });
    await ready(page);
    expect(await opacity()).toBe('1');
    expect(await page.playwright.getByLabel('wear: any', { exact: true }).isChecked()).toBe(false);
    await page.playwright.getByLabel('wear: any', { exact: true }).check();
    await page.playwright.getByLabel('wear: any', { exact: true }).uncheck();
    await enter(page, 'wear', 0.5);
    expect(await page.call('recipe')).toMatchObject({ attributes: { hair_colour: 'red', wear: 0.5 } });
    expect(await picture(page)).not.toEqual(before);
    await expect.poll(() => hashOf(page)).toContain('with=hair_colour=red,wear=0.5');
    const address = hashOf(page);
    await show(page);
    expect(await hair.inputValue()).toBe('any');
    await show(page, address);
    expect(await page.call('recipe')).toMatchObject({ attributes: { hair_colour: 'red', wear: 0.5 } });
  });

  it('paints the picture and the strips', async () => {
    await show(page);
    const pixels = await picture(page);
    expect(pixels).toHaveLength(4 * 16 * 16);
    expect(new Set(pixels).size).toBeGreaterThan(32);
    const cells = page.playwright.locator('.cells button');
    expect(await cells.allTextContents()).toEqual([
      ...['0', '1', '2', '3', '4', '5', '8'],
      ...['any', '0', '0.25', '0.5', '0.75', '1'],
      ...['−20', '−10', '0', '10', '20', '40'],
      ...['2', '4', '8', '16', '32'],
      ...['0', '1', '2', '3', '4', '5', '6', '7'],
    ]);
    expect(await page.playwright.locator('.cells [data-stale]').count()).toBe(0);
    expect(await page.playwright.locator('.cells [aria-pressed=true]').allTextContents()).toEqual([
      '2',
      'any',
      '0',
      '7',
    ]);
    expect(await page.playwright.locator('[data-status=backend]').textContent()).toBe('wasm: A worker paints on wasm.');
    expect(await page.playwright.locator('[data-status=step]').textContent()).toMatch(/^about [\d.]+ ms$/);
    expect(await page.playwright.isVisible('[data-status=maker]'), 'student or teacher').toBe(false);
    expect(await page.playwright.locator('[data-status=queue]').textContent()).toBe('0');
    expect(await page.playwright.locator('#schedule .steps').textContent()).toContain('3 steps of ddim, from t = 666');
  });

  it('begins with what its address says, and tells what in it is wrong', async () => {
    expect(await elsewhere.call('recipe')).toMatchObject({
      label: 'orc',
      guidanceScale: 2,
      guidanceInterval: [300, 700],
    });
    expect(await text(elsewhere, '[data-status=step]'), 'of the first picture').toBe('–');
    const notice = elsewhere.playwright.locator('#notice');
    expect(await notice.textContent()).toContain('guidance "lots"');
    await show(elsewhere, '#label=orc');
    expect(await notice.textContent()).toBe('');
  });

  it('steers by a classifier that is fetched for it, to ornate and to plain', async () => {
    await show(page);
    const plain = await picture(page);
    await enter(page, 'ornate', 30);
    const ornate = await picture(page);
    expect(ornate).not.toEqual(plain);
    await expect.poll(() => hashOf(page)).toContain('ornate=30');
    expect(
      await page.playwright.evaluate(() => (globalThis as unknown as { page: LabConsole }).page.recipe()),
    ).toMatchObject({
      classifier: 'classifiers/portraits-ornate/',
      classifierLabel: 'ornate',
      classifierScale: 30,
    });
    const row = page.playwright.getByRole('group', { name: 'Plain ← 0 → ornate, by a classifier' });
    await row.getByRole('button', { name: '−20' }).click();
    await ready(page);
    expect(await picture(page)).not.toEqual(ornate);
    await enter(page, 'ornate', 0);
    expect(await picture(page)).toEqual(plain);
  });

  it('plots how far guidance goes, and says when there is nothing to plot', async () => {
    await show(page);
    const atTwo = await mostGuidance(page);
    expect(atTwo).toBeGreaterThan(0);
    await enter(page, 'guidance scale', 6);
    expect(await mostGuidance(page)).toBeGreaterThan(2 * atTwo);
    await enter(page, 'guided from t', 700); // the steps are at 666, 333 and 0
    expect(await text(page, '#guidance .norms')).toMatch(/^No step lies within the guided interval/);
    await enter(page, 'guidance scale', 1);
    expect(await text(page, '#guidance .norms')).toMatch(/^Guidance is 1, which is off: .*nothing to plot/);
    expect(await page.playwright.locator('#guidance[data-stale]').count()).toBe(0);
  });

  it('walks to another picture, through the latents and through the noise', async () => {
    await show(page, '#label=orc&seed=5');
    const [latents, noise] = [await pictures(page, '#vae-walk canvas'), await pictures(page, '#ddpm-walk canvas')];
    for (const row of [latents, noise]) expect(new Set(row.map(String)).size).toBe(7);
    expect(noise[0]).toEqual(await picture(page));
    expect(await text(page, '#ddpm-walk-title')).toContain('orc until half way, then goblin');
    await page.playwright.getByLabel('end label').selectOption('elf');
    await enter(page, 'end seed', 5);
    expect((await pictures(page, '#ddpm-walk canvas'))[6]).not.toEqual(noise[6]);
    expect((await pictures(page, '#vae-walk canvas'))[0]).toEqual(latents[0]);
    await expect.poll(() => hashOf(page)).toContain('&walkto=elf&walkseed=5');
    await show(elsewhere, '#label=elf&seed=5');
    expect((await pictures(page, '#ddpm-walk canvas'))[6]).toEqual(await picture(elsewhere));
  });

  it('shows the picture or a file through the auto-encoder', async () => {
    await show(page);
    const shown = (name: string) => picture(page, `[data-picture=${name}] canvas`);
    expect(await shown('original')).toEqual(await picture(page));
    expect(await shown('decoded')).toEqual(await picture(page, '#vae-walk canvas')); // where the walk begins
    expect(await text(page, '#reconstruction .error')).toMatch(/^Mean absolute error [\d.]+ of 255, which is 0\.\d{3}/);
    const input = page.playwright.locator('input[type=file]');
    const name = () => text(page, '[data-picture=original] figcaption');
    const data = stripes(16);
    await input.setInputFiles({ name: 'stripes.png', mimeType: 'image/png', buffer: pngOf(16, data) });
    await expect.poll(name).toBe('stripes.png');
    expect(await shown('original')).toEqual([...data]);
    await drop(page, 'h1', 'narrow.png', pngOf(8, stripes(8))); // beside the pictures
    await expect.poll(name).toBe('narrow.png'); // 8 × 16, in the middle of 16 × 16
    const narrow = await shown('original');
    expect(narrow.slice(0, 16 * 4)).toEqual([...Array(16).fill(0), ...stripes(8).slice(0, 32), ...Array(16).fill(0)]);
    const notes = { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
    await input.setInputFiles(notes);
    await expect.poll(() => text(page, '#reconstruction .error')).toMatch(/^notes.png is no picture/);
    expect(await text(page, '#reconstruction .error'), 'of what is still shown').toMatch(/\nMean absolute error/);
    await enter(page, 'guidance scale', 3);
    expect(await text(page, '#reconstruction .error')).toMatch(/^Mean absolute error/);
    expect(await name()).toBe('narrow.png');
    await page.playwright.getByRole('button', { name: 'Back to the picture' }).click();
    await input.setInputFiles(notes); // while the picture is made
    await ready(page);
    expect(await text(page, '#reconstruction .error')).toMatch(/^notes.png is no picture.*\nMean absolute error/s);
    expect(await page.playwright.locator('[data-action=back]:focus').count(), 'the button that was pressed').toBe(1);
    expect(await shown('original')).toEqual(await picture(page));
    await page.playwright.evaluate(() => {
      const decode = createImageBitmap;
      const shownName = () => document.querySelector('[data-picture=original] figcaption')!.textContent;
      const slowly = async (file: File) => {
        if (file.name !== 'slow.png') return decode(file);
        globalThis.createImageBitmap = decode;
        while (shownName() !== 'quick.png') await new Promise(requestAnimationFrame);
        const bitmap = await decode(file);
        setTimeout(() => document.body.setAttribute('data-slow', '')); // when the page has heard of the bitmap
        return bitmap;
      };
      globalThis.createImageBitmap = slowly as typeof decode;
    });
    await drop(page, '#reconstruction', 'slow.png', pngOf(16, data));
    await drop(page, '#reconstruction', 'quick.png', pngOf(16, data));
    await page.playwright.waitForSelector('[data-slow]', { state: 'attached' });
    await ready(page);
    expect(await name(), 'what was chosen last').toBe('quick.png');
    await page.playwright.getByRole('button', { name: 'Back to the picture' }).click();
    await ready(page);
  });

  it('paints another picture at another guidance scale, and the same one for the same settings', async () => {
    await show(page);
    const before = await picture(page);
    await enter(page, 'guidance scale', 6);
    const guided = await picture(page);
    expect(guided).not.toEqual(before);
    await enter(page, 'guidance scale', 2);
    expect(await picture(page)).toEqual(before);
    await show(elsewhere, '#label=elf&seed=7&guidance=6&sampler=ddim&steps=3');
    expect(await picture(elsewhere)).toEqual(guided);
  });

  it('ends 100 rapid changes in the last picture, and leaves nothing behind', async () => {
    await show(page, '#steps=4');
    const before = await alive(page);
    expect(before.workers.length).toBeGreaterThan(0); // as many as the machine has cores for
    for (const numTensors of before.workers) expect(numTensors).toBeGreaterThan(50); // the weights
    await page.playwright.evaluate(async () => {
      const rows = [...document.querySelectorAll('.lil-number')];
      const input = rows.find((row) => row.textContent === 'guidance scale')!.querySelector('input')!;
      for (let change = 1; change <= 100; change++) {
        input.value = String(change / 10);
        input.dispatchEvent(new Event('input'));
        await new Promise((resolve) => setTimeout(resolve, 8));
      }
    });
    await ready(page);
    expect(await page.call('recipe')).toMatchObject({ guidanceScale: 10, numInferenceSteps: 4 });
    expect(await alive(page)).toEqual(before);
    expect(before.queue).toBe('0');
    expect(await page.playwright.locator('.cells [data-stale]').count()).toBe(0);
    await expect.poll(() => hashOf(page)).toContain('guidance=10&');
    await show(elsewhere, hashOf(page));
    expect(await picture(elsewhere)).toEqual(await picture(page));
  });

  it("takes over a strip's setting at a click", async () => {
    await show(page);
    const cell = page.playwright.getByRole('group', { name: 'Seeds' }).getByRole('button', { name: '3' });
    await cell.click();
    await ready(page);
    expect(await page.call('recipe')).toMatchObject({ label: 'elf', seed: 3 });
    expect(await cell.getAttribute('aria-pressed')).toBe('true');
    expect(await page.playwright.getByLabel('seed', { exact: true }).inputValue()).toBe('3');
    await expect.poll(() => hashOf(page)).toContain('seed=3&');
  });

  it('copies the link and the recipe, and saves the picture', async () => {
    await show(page, '#seed=11');
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
    await playwright.evaluate(() => {
      const rows = [...document.querySelectorAll('.lil-number')];
      const input = rows.find((row) => row.textContent === 'guidance scale')!.querySelector('input')!;
      input.value = '6';
      input.dispatchEvent(new Event('input'));
      document.querySelector<HTMLElement>('[data-action=download]')!.click();
    });
    expect((await downloading).suggestedFilename(), 'of the picture that was there').toMatch(/-guidance-2\.png$/);
    await enter(page, 'guidance scale', 2);
    expect(JSON.parse(await copied('Copy'))).toEqual(recipe);
  });

  it('fits into every window, and all of it can be read and named', async () => {
    const { playwright } = page;
    expect(await flawsOfAccess(playwright)).toEqual([]);
    const widthOf = () => playwright.evaluate(() => document.documentElement.scrollWidth);
    for (const [width, height] of [
      [844, 390],
      [640, 360], // 1280 × 720 enlarged to 200 %
      [390, 844],
      [1100, 720],
      [1200, 720],
      [1279, 720],
      [1280, 720],
    ] as const) {
      await playwright.setViewportSize({ width, height });
      await expect.poll(widthOf, { message: `at ${width} × ${height}` }).toBeLessThanOrEqual(width); // the plots follow
    }
  });

  it('is the same after a reload, which fetches nothing, and after another without a server', async () => {
    await show(page, '#walkto=orc&interval=300-900');
    await enter(page, 'guidance scale', 4);
    await expect.poll(() => hashOf(page)).toContain('guidance=4&');
    const seen = async () => {
      return { recipe: await page.call('recipe'), hash: hashOf(page), pictures: await pictures(page, PICTURES) };
    };
    const before = await seen();
    expect(before.recipe).toMatchObject({ guidanceScale: 4, guidanceInterval: [300, 900] });
    const { playwright } = page;
    await playwright.waitForSelector('[data-kept]', { state: 'attached' });
    const fetched: string[] = [];
    const note = (sent: { url(): string }) => fetched.push(new URL(sent.url()).pathname);
    playwright.context().on('response', (response) => {
      if (!response.fromServiceWorker() && !response.request().serviceWorker()) note(response);
    });
    playwright.context().on('request', (request) => request.serviceWorker() && note(request)); // answered late, perhaps
    await page.reload();
    await ready(page);
    expect(await seen()).toEqual(before);
    expect(fetched.filter((address) => address !== '/serviceWorker.js')).toEqual(['/site.json']); // is there anything new?
    await page.endServer();
    await page.reload();
    await ready(page);
    expect(await seen()).toEqual(before);
    page.takeErrors(); // the browser reports that the list does not come
  });
}

/** What is alive: tensors in the page and in its workers, elements, and what waits. */
async function alive({ playwright }: TestPage<LabConsole>) {
  const numTensors = () => (globalThis as unknown as { _tfengine: Engine })._tfengine.state.numTensors;
  return {
    page: await playwright.evaluate(numTensors),
    workers: await Promise.all(playwright.workers().map((worker) => worker.evaluate(numTensors))),
    elements: await playwright.locator('*').count(),
    queue: await playwright.locator('[data-status=queue]').textContent(),
  };
}

/** How far the plot of the guidance says that it goes. */
async function mostGuidance(page: TestPage<LabConsole>): Promise<number> {
  return Number(/at most ([\d.]+),/.exec((await text(page, '#guidance .norms'))!)![1]);
}

/** Opaque pixels, none like the one before. */
function stripes(width: number): Uint8Array {
  return Uint8Array.from({ length: 4 * width * 16 }, (_, i) => (i % 4 === 3 ? 255 : (7 * i) % 256));
}

function pngOf(width: number, data: Uint8Array): Buffer {
  return Buffer.from(encode({ width, height: 16, channels: 4, data }));
}

async function drop(
  { playwright }: TestPage<LabConsole>,
  selector: string,
  name: string,
  bytes: Buffer,
): Promise<void> {
  const dataTransfer = await playwright.evaluateHandle(
    ([fileName, content]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(content)], fileName));
      return transfer;
    },
    [name, [...bytes]] as const,
  );
  await playwright.dispatchEvent(selector, 'drop', { dataTransfer });
}
