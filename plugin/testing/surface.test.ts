// Surface materials in a real browser, beside the maps that the runtime makes in Node.
import { decode } from 'fast-png';
import { expect, it, vi } from 'vitest';
import { createModel, generate, selectBackend, surfaceMaps } from '../../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { describeInBrowser } from './describeInBrowser.ts';
import type { TestPage } from './openBrowser.ts';
import { flipped, TINY_TEXTURES } from './tinyScene.ts';

type SurfacePage = typeof import('./surfacePage.ts');
const module = 'plugin/testing/surfacePage.ts';

const CANVAS_PX = 64;
const SIZE_PX = 32;
const RECIPE = { label: 'brick', seed: 7, sizePx: SIZE_PX };
/** Of 255: sums in another order round differently, and what is made of them differs more. */
const [PICTURE_TOLERANCE, MAP_TOLERANCE] = [2, 1];

vi.setConfig({ testTimeout: 240_000 });

const files = Object.fromEntries(
  Object.entries(await tinyModelFolder(TINY_TEXTURES)).map(([name, bytes]) => [`/tiny/${name}`, bytes]),
);
await selectBackend({ backend: 'wasm' });
const model = createModel(tinyModelFiles(TINY_TEXTURES));
const baked = (await generate(model, [RECIPE], { widthPx: SIZE_PX, heightPx: SIZE_PX }))[0]!;
model.dispose();

describeInBrowser('a surface material', (openPage) => {
  it.each([
    ['webgl', 'worker', 'WebGL, wasm'],
    ['webgpu', 'gpu', 'WebGPU, webgpu'],
  ] as const)('with %s, painted by %s', async (kind, compute, name) => {
    const page = await openPage<SurfacePage>({ module, files });
    expect(await page.call('start', kind, compute)).toBe(name);
    expect(await page.call('make', RECIPE)).toBe(0);
    const { albedo, normal, orm } = await page.call('readMaps');
    expect(worst(albedo, flipped(baked, SIZE_PX))).toBeLessThanOrEqual(PICTURE_TOLERANCE);
    // The maps of the very picture that the page has: what differs in it would be multiplied.
    const maps = surfaceMaps(flipped(Uint8Array.from(albedo), SIZE_PX), SIZE_PX, SIZE_PX, { label: 'brick' });
    const channel = (pixels: number[], ...channels: number[]) =>
      flipped(Uint8Array.from(pixels), SIZE_PX).filter((_, i) => channels.includes(i % 4));
    expect(worst(channel(normal, 0, 1, 2), maps.normal.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);
    expect(worst(channel(normal, 3), maps.height.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);
    expect(worst(channel(orm, 0, 1, 2), maps.orm.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);
    expect(worst(channel(orm, 3), maps.cavity.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);

    for (const light of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      await page.call('showLit', DOME, [...light]);
      expect(await brightSide(page), `light from ${light}`).toEqual(light);
    }
    expect(await page.call('leftovers')).toEqual([]);
  });
});

/** A bright dome in the middle: higher than what is around it. */
const DOME = Array.from({ length: SIZE_PX * SIZE_PX }, (_, i) => {
  const distance = Math.hypot((i % SIZE_PX) - SIZE_PX / 2 + 0.5, Math.floor(i / SIZE_PX) - SIZE_PX / 2 + 0.5);
  return Math.round(40 + 180 * Math.exp(-((distance / 5) ** 2)));
});

/** Where the dome is brightest on the screen: to the right or left, or above or below. */
async function brightSide({ playwright }: TestPage<SurfacePage>): Promise<[number, number]> {
  const clip = { x: 0, y: 0, width: CANVAS_PX, height: CANVAS_PX };
  const { data, channels } = decode(await playwright.screenshot({ clip }));
  const at = (x: number, y: number) => data[channels * ((CANVAS_PX / 2 + y) * CANVAS_PX + CANVAS_PX / 2 + x)]!;
  const [right, left, above, below] = [at(7, 0), at(-7, 0), at(0, -7), at(0, 7)];
  const [across, along] = [right - left, above - below];
  return Math.abs(across) > Math.abs(along) ? [Math.sign(across), 0] : [0, Math.sign(along)];
}

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(actual).reduce((top, value, i) => Math.max(top, Math.abs(value - expected[i]!)), 0);
}
