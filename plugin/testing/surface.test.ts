// Surface materials in a real browser, beside the maps that the runtime makes in Node.
import { decode } from 'fast-png';
import { describe, expect, it, vi } from 'vitest';
import { createModel, generate, generatePictures, pixelArt, selectBackend, surfaceMaps } from '../../runtime/index.ts';
import { largestDifference } from '../../runtime/testing/matchers.ts';
import { type TinyModelOptions, tinyModelFiles, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';
import { flipped, TINY_MATERIALS, TINY_TEXTURES } from './tinyScene.ts';

type SurfacePage = typeof import('./surfacePage.ts');
const module = 'plugin/testing/surfacePage.ts';

const CANVAS_PX = 256;
const NUM_TILES = 8;
const SIZE_PX = 32;
const RECIPE = { label: 'brick', seed: 7, sizePx: SIZE_PX };
/** The largest differences of a byte: sums in another order round differently, and what is made of them differs more. */
const [PICTURE_TOLERANCE, MAP_TOLERANCE] = [2, 1];

vi.setConfig({ testTimeout: 240_000 });

const folderOf = async (options: TinyModelOptions, folder: string) =>
  Object.entries(await tinyModelFolder(options)).map(([name, bytes]): [string, Uint8Array] => [
    `/${folder}/${name}`,
    bytes,
  ]);
const files = Object.fromEntries([
  ...(await folderOf(TINY_TEXTURES, 'tiny')),
  ...(await folderOf(TINY_MATERIALS, 'materials')),
]);
await selectBackend({ backend: 'wasm' });
const model = createModel(tinyModelFiles(TINY_TEXTURES));
const baked = (await generate(model, [RECIPE], { widthPx: SIZE_PX, heightPx: SIZE_PX }))[0]!;
model.dispose();
const TILE_PX = 16;
const materials = createModel(tinyModelFiles(TINY_MATERIALS));
const material = (await generatePictures(materials, [{ label: 'brick', seed: 7 }]))[0]!;
materials.dispose();

describe.each([
  ['webgl', 'worker', 'WebGL, wasm'],
  ['webgpu', 'gpu', 'WebGPU, webgpu'],
] as const)('with %s, painted by %s', (kind, compute, name) => {
  describeInBrowser('a surface material', (openPage, prepare) => {
    let page: TestPage<SurfacePage>;

    prepare(async () => {
      page = await openPage({ module, files });
      await page.playwright.setViewportSize({ width: CANVAS_PX, height: CANVAS_PX });
      expect(await page.call('start', kind, compute, CANVAS_PX)).toBe(name);
    });

    it('has the maps of its picture, and is lit by them from the side of the lamp', async () => {
      expect(await page.call('make', RECIPE)).toBe(0);
      const { albedo, normal, orm } = await page.call('readMaps');
      expect(largestDifference(albedo, flipped(baked, SIZE_PX))).toBeLessThanOrEqual(PICTURE_TOLERANCE);
      // The maps of the very picture that the page has: what differs in it would be multiplied.
      const maps = surfaceMaps(flipped(Uint8Array.from(albedo), SIZE_PX), SIZE_PX, SIZE_PX, { label: 'brick' });
      const channel = (pixels: number[], ...channels: number[]) =>
        flipped(Uint8Array.from(pixels), SIZE_PX).filter((_, i) => channels.includes(i % 4));
      expect(largestDifference(channel(normal, 0, 1, 2), maps.normal.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);
      expect(largestDifference(channel(normal, 3), maps.height.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);
      expect(largestDifference(channel(orm, 0, 1, 2), maps.orm.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);
      expect(largestDifference(channel(orm, 3), maps.cavity.pixels)).toBeLessThanOrEqual(MAP_TOLERANCE);

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

    it('shows what is high nearer to whoever looks from the side, in scenes of both hands', async () => {
      for (const isRightHanded of [false, true]) {
        await page.call('openScene', compute, isRightHanded);
        for (const parallax of ['offset', 'occlusion'] as const) {
          const seen: number[] = [];
          let raised = 0;
          for (const picture of [HILL, PIT]) {
            const options = { ...RECIPE, parallax };
            raised = await page.call('showFromRight', options, picture, false);
            const before = centreOf(await greyOf(page));
            await page.call('showFromRight', options, picture, true);
            seen.push(centreOf(await greyOf(page)) - before);
          }
          const name = `${parallax}, ${isRightHanded ? 'right' : 'left'}-handed: ${seen} px`;
          expect((seen[0]! - seen[1]!) * Math.sign(raised), name).toBeGreaterThan(0.4);
        }
      }
      expect(await page.call('leftovers')).toEqual([]);
      await page.call('openScene', compute, false);
    });

    it.runIf(kind === 'webgpu')('has its palette and its size on the GPU, for a pixel-art game', async () => {
      await page.call('make', RECIPE);
      const plain = flipped(Uint8Array.from((await page.call('readMaps')).albedo), SIZE_PX);
      const palette = ['#1a1c2c', '#b13e53', '#ffcd75', '#38b764'];
      for (const options of [{ palette, dither: 0.1, factor: 2 } as const, { colours: 6, factor: 2 } as const]) {
        expect(await page.call('make', { ...RECIPE, pixelArt: options })).toBe(0);
        const drawn = flipped(Uint8Array.from((await page.call('readMaps')).albedo), 2 * SIZE_PX);
        const expected = pixelArt(plain, SIZE_PX, SIZE_PX, options).pixels;
        expect(drawn.filter((value, i) => value !== expected[i]).length).toBeLessThanOrEqual(12); // ties between two colours
        expect(await page.call('leftovers')).toEqual([]);
      }
    });

    it.runIf(kind === 'webgpu')(
      'has the maps that were generated with its picture, which stay on the GPU',
      async () => {
        await page.call('use', 'materials/');
        const recipe = { label: 'brick', seed: 7 };
        expect(await page.call('make', recipe)).toBe(0);
        const { albedo, normal, orm } = await page.call('readMaps');
        const upright = (pixels: number[]) => flipped(Uint8Array.from(pixels), TILE_PX);
        const channel = (pixels: ArrayLike<number>, c: number) => Array.from(pixels).filter((_, i) => i % 4 === c);
        expect(largestDifference(upright(albedo), material.pixels)).toBeLessThanOrEqual(PICTURE_TOLERANCE);
        expect(largestDifference(channel(upright(normal), 3), channel(material.maps!, 0))).toBeLessThanOrEqual(
          PICTURE_TOLERANCE,
        );
        for (const c of [1, 2]) {
          const expected = channel(material.maps!, c).map((value) => (c === 1 ? Math.max(value, 10) : value));
          expect(largestDifference(channel(upright(orm), c), expected)).toBeLessThanOrEqual(PICTURE_TOLERANCE);
        }
        expect(await page.call('leftovers')).toEqual([]);
        await page.call('use', 'tiny/');
      },
    );

    it('does not repeat on a floor of 100 m when several surfaces are mixed', async () => {
      const floor = { numTiles: NUM_TILES, view: 'above' } as const;
      const periodPx = CANVAS_PX / NUM_TILES;

      await page.call('showFloor', floor);
      const plain = await greyOf(page);
      expect(correlation(plain, periodPx, 0)).toBeGreaterThan(0.95);
      expect(correlation(plain, 0, periodPx)).toBeGreaterThan(0.95);

      await page.call('showFloor', { ...floor, variations: 3 });
      const mixed = await greyOf(page);
      for (const [dx, dy] of [
        [1, 0],
        [0, 1],
        [1, 1],
        [2, 0],
        [0, 3],
      ] as const) {
        expect(Math.abs(correlation(mixed, dx * periodPx, dy * periodPx)), `${dx}, ${dy} tiles`).toBeLessThan(0.2);
      }
      // It is as bright and as rich in contrast as before.
      const [before, after] = [statisticsOf(plain), statisticsOf(mixed)];
      expect(Math.abs(after.mean - before.mean)).toBeLessThan(0.15 * before.mean);
      expect(after.deviation / before.deviation).toBeGreaterThan(0.7);
      expect(after.deviation / before.deviation).toBeLessThan(1.3);
      expect(await page.call('leftovers')).toEqual([]);
    });
  });
});

/** The canvas as it is on the screen: green, top row first. */
async function greyOf({ playwright }: TestPage<SurfacePage>): Promise<Float64Array> {
  const clip = { x: 0, y: 0, width: CANVAS_PX, height: CANVAS_PX };
  const { data, channels } = decode(await playwright.screenshot({ clip }));
  return Float64Array.from({ length: CANVAS_PX * CANVAS_PX }, (_, i) => data[channels * i + 1]!);
}

function statisticsOf(grey: Float64Array): { mean: number; deviation: number } {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const deviation = Math.sqrt(grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length);
  return { mean, deviation };
}

/** How alike the picture is to itself a little further: 1 the same, 0 not at all. */
function correlation(grey: Float64Array, dx: number, dy: number): number {
  const { mean, deviation } = statisticsOf(grey);
  let sum = 0;
  for (let y = 0; y < CANVAS_PX - dy; y++) {
    for (let x = 0; x < CANVAS_PX - dx; x++) {
      sum += (grey[y * CANVAS_PX + x]! - mean) * (grey[(y + dy) * CANVAS_PX + x + dx]! - mean);
    }
  }
  return sum / ((CANVAS_PX - dx) * (CANVAS_PX - dy)) / deviation ** 2;
}

/** A bright dome in the middle: higher than what is around it. */
const DOME = Array.from({ length: SIZE_PX * SIZE_PX }, (_, i) => {
  const distance = Math.hypot((i % SIZE_PX) - SIZE_PX / 2 + 0.5, Math.floor(i / SIZE_PX) - SIZE_PX / 2 + 0.5);
  return Math.round(40 + 180 * Math.exp(-((distance / 5) ** 2)));
});

/** What is brighter in the middle than around it, or darker, on grey: a hill or a pit. */
const [HILL, PIT] = [110, -110].map((depth) =>
  Array.from({ length: SIZE_PX * SIZE_PX }, (_, i) => {
    const distance = Math.hypot((i % SIZE_PX) - SIZE_PX / 2 + 0.5, Math.floor(i / SIZE_PX) - SIZE_PX / 2 + 0.5);
    return Math.round(128 + depth * Math.exp(-((distance / 3) ** 2)));
  }),
) as [number[], number[]];

/** How far to the right the middle is of what differs from the ground around it, in pixels. */
function centreOf(grey: Float64Array): number {
  const [margin, least] = [50, 10];
  const ground = grey[(CANVAS_PX / 2) * CANVAS_PX + margin]!;
  let [sum, moment] = [0, 0];
  for (let y = margin; y < CANVAS_PX - margin; y++) {
    for (let x = margin; x < CANVAS_PX - margin; x++) {
      const weight = Math.max(0, Math.abs(grey[y * CANVAS_PX + x]! - ground) - least);
      sum += weight;
      moment += weight * x;
    }
  }
  return moment / sum;
}

/** Where the dome is brightest on the screen: to the right or left, or above or below. */
async function brightSide({ playwright }: TestPage<SurfacePage>): Promise<[number, number]> {
  const clip = { x: 0, y: 0, width: CANVAS_PX, height: CANVAS_PX };
  const { data, channels } = decode(await playwright.screenshot({ clip }));
  const at = (x: number, y: number) => data[channels * ((CANVAS_PX / 2 + y) * CANVAS_PX + CANVAS_PX / 2 + x)]!;
  const [right, left, above, below] = [at(28, 0), at(-28, 0), at(0, -28), at(0, 28)];
  const [across, along] = [right - left, above - below];
  return Math.abs(across) > Math.abs(along) ? [Math.sign(across), 0] : [0, Math.sign(along)];
}
