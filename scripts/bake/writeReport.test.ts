import { existsSync } from 'node:fs';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeApng } from 'fast-png';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { statedPngSize } from '../../runtime/core/pngHeader.ts';
import { animationsOf } from '../../runtime/index.ts';
import { TINY_FRAMES } from '../../runtime/testing/tinyModel.ts';
import { InterruptError } from '../node/interrupt.ts';
import { DECODE_PNG_DEFAULTS, decodePng } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { findChromium, sharedChromium } from '../testing/chromium.ts';
import { type BakeProgress, bake, writeReport } from './index.ts';
import { openPlan } from './planBake.ts';
import { pageParts } from './writeReport.ts';

const EVIL = `"><img src=x onerror="document.title='evil'"><script>document.title='evil'</script>&amp;'`;

let art: BakeFolder;
let html: string;
const progress: BakeProgress[] = [];
beforeAll(async () => {
  art = await createBakeFolder();
  html = join(art.folder, 'report.html');
  await art.writeModel({ labels: ['elf', EVIL] }, 'evil');
  await art.describe([
    { name: `guests ${EVIL}`.slice(0, 99), model: './evil', labels: ['elf', EVIL], seeds: [0, 3], output: '{index}' },
    { name: 'wall', labels: ['goblin'], seeds: [9], maps: ['albedo', 'normal'], enlarge: 2 },
  ]);
  await bake(art.file, { backend: 'wasm' });
  await writeReport(art.file, html, { backend: 'wasm', neighbours: 2, onProgress: (now) => progress.push(now) });
});
afterAll(() => art.remove());

it('is one file that asks for nothing and escapes what models and files say', async () => {
  const page = await readFile(html, 'utf8');
  expect(page).toContain("default-src 'none'");
  expect(page).not.toContain('<img src=x');
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(
    Array.from(page.matchAll(/(?:src|href)="([^"]{0,20})/g), ([, address]) => address).filter(
      (address) => !/^(data:|$)/.test(address!),
    ),
  ).toEqual([]);
});

it('is written over an earlier one, but not over a page of somebody else', async () => {
  const other = join(art.folder, 'index.html');
  await writeFile(other, '<title>mine</title>');
  const write = () => writeReport(art.file, other, { neighbours: 0 });
  await expect(writeReport(art.file, art.folder, { neighbours: 0 })).rejects.toThrow(
    /^report: .* is a folder; move it away/,
  );
  await expect(write()).rejects.toThrow(
    /^report: .*index\.html would be written over, but no bake has made it; move it/,
  );
  expect(await readFile(other, 'utf8')).toBe('<title>mine</title>');
  await rm(other);
  await write();
  await write();
});

it('counts the neighbours that it paints, and ends at once when it is interrupted', async () => {
  expect(progress.at(-1)).toEqual({ numDone: 10, numPictures: 10 });
  const controller = new AbortController();
  const onProgress = () => controller.abort(new InterruptError('interrupted'));
  const other = join(art.folder, 'other.html');
  const options = { backend: 'wasm', neighbours: 2, signal: controller.signal, onProgress } as const;
  const writing = writeReport(art.file, other, options);
  await expect(writing).rejects.toThrow('report: interrupted; 0 neighbours of 10 were painted');
  await expect(writing).rejects.toBeInstanceOf(InterruptError);
  expect(existsSync(other)).toBe(false);
});

it('draws neighbours as pixel art where the picture beside them is', async () => {
  const other = join(art.folder, 'drawn.html');
  const pixelArt = { palette: ['#000000', '#ffffff'], factor: 2 as const };
  await art.describe([{ labels: ['elf'], output: 'drawn', enlarge: 2, pixelArt }]);
  await bake(art.file, { backend: 'wasm' });
  await writeReport(art.file, other, { backend: 'wasm', neighbours: 2 });
  const images = (await readFile(other, 'utf8')).matchAll(
    /class="neighbour"[^>]*><img src="data:image\/png;base64,([^"]+)/g,
  );
  const neighbours = Array.from(images, ([, text]) => decodePng(Buffer.from(text!, 'base64')));
  expect(neighbours.map(({ width, height }) => [width, height])).toEqual([
    [32, 32],
    [32, 32],
  ]);
  for (const { pixels } of neighbours) {
    expect(new Set(pixels.filter((_, i) => i % 4 < 3))).toEqual(new Set([0, 255]));
  }
});

it('shows what is baked as other files than PNG', async () => {
  const packed = await createBakeFolder();
  onTestFinished(() => packed.remove());
  await packed.describe([{ name: 'wall', labels: ['elf'], seeds: [4, 5], formats: ['ktx2'] }]);
  await bake(packed.file, { backend: 'wasm' });
  const page = join(packed.folder, 'report.html');
  await writeReport(packed.file, page, { backend: 'wasm', neighbours: 0 });
  const shown = (await readFile(page, 'utf8')).split('<figure').slice(1);
  expect(shown.map((figure) => figure.split('class="map"').length - 1)).toEqual([1, 1]);
  expect(new Set(shown.map((figure) => /base64,([^"]+)/.exec(figure)![1])).size).toBe(2);
});

it('shows what moves as it moves', async () => {
  const other = join(art.folder, 'walks.html');
  await art.writeModel({ sizePx: 8, heightPx: 12, frames: TINY_FRAMES }, 'walks');
  await art.describe([{ model: './walks', labels: ['elf'], output: 'walks', enlarge: 2 }]);
  await bake(art.file, { backend: 'wasm' });
  await writeReport(art.file, other, { backend: 'wasm', neighbours: 1 });
  const images = (await readFile(other, 'utf8')).matchAll(/<img src="data:image\/png;base64,([^"]+)/g);
  const [baked, neighbour] = Array.from(images, ([, text]) => decodeApng(Buffer.from(text!, 'base64')));
  const numMoving = animationsOf(TINY_FRAMES).filter(({ from, to }) => to > from).length;
  expect([baked!.width, baked!.height]).toEqual([numMoving * 2 * 8, 2 * 12]);
  expect([neighbour!.width, neighbour!.height]).toEqual([8, 12]);
  for (const { frames } of [baked!, neighbour!]) expect(frames.length).toBeGreaterThan(1);
});

it('shows and lays on sheets what is large for its few bytes', async () => {
  const { maxPixels } = DECODE_PNG_DEFAULTS;
  DECODE_PNG_DEFAULTS.maxPixels = 1000; // as to pack pictures of the usual limit takes long
  onTestFinished(() => {
    DECODE_PNG_DEFAULTS.maxPixels = maxPixels;
  });
  const other = join(art.folder, 'large.html');
  await art.writeModel({ sizePx: 8, heightPx: 12, frames: TINY_FRAMES }, 'walks');
  await art.describe([{ model: './walks', labels: ['elf'], output: 'large', sheet: 'sheet', enlarge: 64 }]);
  await bake(art.file, { backend: 'wasm' });
  await writeReport(art.file, other, { backend: 'wasm', neighbours: 0 });
  const sheet = await readFile(join(art.out, 'sheet.png'));
  expect(statedPngSize(sheet)).toEqual({ width: 24 * 64, height: 12 * 64 });
  const [, shown] = /<img src="data:image\/png;base64,([^"]+)/.exec(await readFile(other, 'utf8'))!;
  expect(statedPngSize(Buffer.from(shown!, 'base64'))).toEqual({ width: 8 * 64, height: 12 * 64 });
});

it('is written in parts of one picture each, as all pictures together may be longer than a string can be', async () => {
  const other = join(art.folder, 'parts.html');
  await art.describe([{ labels: ['elf', 'orc'], output: '{index}-{map}', maps: ['albedo', 'normal'] }]);
  await bake(art.file, { backend: 'wasm' });
  const parts: string[] = [];
  for await (const part of pageParts(await openPlan(art.file, {}), new Map())) parts.push(part);
  const numPictures = parts.map((part) => part.split('<img src="data:').length - 1);
  expect(numPictures.filter((count) => count > 0)).toEqual([1, 1, 1, 1]);
  await writeReport(art.file, other, { neighbours: 0 });
  expect(await readFile(other, 'utf8')).toBe(parts.join(''));
});

it('embeds nothing from outside the output folder, and nothing but PNG files', async () => {
  await art.describe([{ labels: ['elf'], output: 'linked' }]);
  const [secret, linked] = [join(art.folder, 'secret.txt'), join(art.out, 'linked.png')];
  await writeFile(secret, 'secret');
  await rm(linked, { force: true }); // of an earlier attempt
  await symlink(secret, linked);
  const write = () => writeReport(art.file, html, { backend: 'wasm', neighbours: 0 });
  await expect(write()).rejects.toThrow(/linked.png would leave its folder by the link .*; remove the link/);
  await rm(linked);
  await writeFile(linked, 'secret');
  await expect(write()).rejects.toThrow('report: linked.png is no PNG; bake again');
});

it('refuses what has not been baked', async () => {
  await art.describe([{ labels: ['elf'], output: 'never' }]);
  await expect(writeReport(art.file, html, { backend: 'wasm', neighbours: 0 })).rejects.toThrow(
    'report: never.png cannot be read (ENOENT); bake first',
  );
});

describe.skipIf(!findChromium())('in a browser, from disk', () => {
  let page: Page;
  const errors: string[] = [];
  beforeAll(async () => {
    page = await (await sharedChromium({ webgpu: false })).newPage();
    page.setDefaultTimeout(0); // the test's own limits
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
    await page.goto(pathToFileURL(html).href);
  });
  afterAll(() => page.close());

  it('shows every picture, with neighbouring seeds that are not in the bake', async () => {
    expect(await page.locator('figure').count()).toBe(5);
    const alts = await page
      .locator('figure img')
      .evaluateAll((all) => all.map((image) => (image as HTMLImageElement).alt));
    const seeds = alts.filter((alt) => alt.startsWith('elf')).map((alt) => Number(/\d+/.exec(alt)![0]));
    expect(seeds).toEqual([0, 1, 2, 3, 4, 5]);
    expect(alts.filter((alt) => alt.startsWith('goblin'))).toEqual([
      'goblin, seed 9, albedo',
      'goblin, seed 9, normal',
      'goblin, seed 8',
      'goblin, seed 10',
    ]);
    const widths = await page
      .locator('img[alt^=goblin]')
      .evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth));
    expect(widths).toEqual([32, 32, 16, 16]);
    expect(await page.title()).toBe('figment.bake.json');
  });

  it('tells the recipe on a click, and closes with the keyboard', async () => {
    await page.getByRole('button', { name: 'goblin, seed 10' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('heading').textContent()).toBe('wall: goblin, seed 10');
    expect(JSON.parse((await dialog.locator('pre').textContent())!)).toMatchObject({
      label: 'goblin',
      seed: 10,
      model: 'tiny',
    });
    expect(await dialog.locator('#path').textContent()).toMatch(/put its seed into the bake file/);
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
    expect(await page.title()).toBe('figment.bake.json');
    expect(errors).toEqual([]);
  });
});
