import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals, scaleNearest, toPixels } from '../../runtime/index.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';

type TexelPage = typeof import('../testing/texelPage.ts');
const module = 'plugin/testing/texelPage.ts';

const SIDE_PX = 16;
const CANVAS_PX = 64;
const OPTIONS = { nearest: true, mipmaps: true };

/** Two images of random values, a part of them transparent. */
const shape: [number, number, number, number] = [2, SIDE_PX, SIDE_PX, 4];
const numValues = SIDE_PX * SIDE_PX * 4;
const values = Float32Array.from(normals(5, 0, 2 * numValues));

/** What the second looks like, top row first, and as the texture has it. */
const picture = toPixels(values.subarray(numValues), 4);
const texels = flipRows(picture);

describe.each(['best', 'webgl'] as const)('a texel texture (engine: %s)', (kind) => {
  describeInBrowser('in a page', (openPage) => {
    let page: TestPage<TexelPage>;

    beforeAll(async () => {
      page = await openPage({ module });
      await page.call('start', kind);
      if (kind === 'best') await page.call('adopt');
    });

    it.runIf(kind === 'best')('shows values that never leave the GPU, right side up', async () => {
      await page.call('createTexture', SIDE_PX, SIDE_PX, OPTIONS);
      const result = await page.call('showTexels', [...values], shape, 1);
      expect(result).toEqual({ numReadBacks: 0, numTensorsLeft: 0 });
      expect(Uint8Array.from(await page.call('readTexture', 0))).toEqual(texels);
      expectHalved(await page.call('readTexture', 1));
      expect(await shownBy(page)).toEqual(magnified());
      expect(await page.call('refusal')).toBe('rgba8unorm');
    });

    it.runIf(kind === 'best')('keeps a picture of the GPU beside one of bytes, and in a copy', async () => {
      const ofGpu = [...values.subarray(numValues)];
      const other = toPixels(values.subarray(0, numValues), 4);
      const sheets = await page.call('drawBoth', ofGpu, [1, SIDE_PX, SIDE_PX, 4], [...other]);
      const rowsOf = (bytes: Uint8Array, row: number) => [
        ...bytes.subarray(4 * SIDE_PX * row, 4 * SIDE_PX * (row + 1)),
      ];
      const beside = Array.from({ length: SIDE_PX }, (_, row) =>
        [texels, flipRows(other)].flatMap((bytes) => rowsOf(bytes, row)),
      );
      for (const sheet of sheets) expect(sheet).toEqual(beside.flat());
    });

    it('uploads of a sheet what was drawn in it, and has all after a lost context', async () => {
      const pictures = [picture, toPixels(values.subarray(0, numValues), 4)].map((bytes) => [...bytes]);
      const { drawn, restored, uploaded } = await page.call('drawInTurn', pictures, SIDE_PX, SIDE_PX);
      const rowOf = (bytes: readonly number[], row: number) => bytes.slice(4 * SIDE_PX * row, 4 * SIDE_PX * (row + 1));
      const beside = Array.from({ length: SIDE_PX }, (_, row) => [1, 0].flatMap((at) => rowOf(pictures[at]!, row)));
      expect(drawn).toEqual(beside.flat());
      expect(restored).toEqual(kind === 'webgl' ? drawn : null); // a lost device is another matter
      expect(uploaded).toEqual([2 * numValues, numValues]);
    });

    it('shows bytes in the same way', async () => {
      await page.call('createTexture', SIDE_PX, SIDE_PX, OPTIONS);
      await page.call('showPixels', [...texels]);
      expect(Uint8Array.from(await page.call('readTexture', 0))).toEqual(texels);
      expectHalved(await page.call('readTexture', 1));
      expect(await shownBy(page)).toEqual(magnified());
      if (kind === 'webgl') {
        const refusal = 'gpuTextureOf: the engine is WebGL; expected WebGPU: use texture.update(bytes) elsewhere';
        expect(await page.call('refusal')).toBe(refusal);
      }
    });
  });
});

/** The canvas as it is on the screen: RGB bytes, top row first. */
async function shownBy({ playwright }: TestPage<TexelPage>): Promise<Uint8Array> {
  const clip = { x: 0, y: 0, width: CANVAS_PX, height: CANVAS_PX };
  const { data, channels } = decode(await playwright.screenshot({ clip }));
  return Uint8Array.from(data).filter((_, i) => i % channels < 3);
}

/** The picture without its alpha, as large as the canvas. */
function magnified(): Uint8Array {
  return scaleNearest(
    picture.filter((_, i) => i % 4 < 3),
    SIDE_PX,
    SIDE_PX,
    CANVAS_PX / SIDE_PX,
  );
}

/** Each texel of the second mipmap level is the mean of four, to within rounding. */
function expectHalved(level: number[]): void {
  const half = SIDE_PX / 2;
  expect(level.length).toBe(half * half * 4);
  const far = level.filter((byte, i) => {
    const [channel, x, y] = [i % 4, Math.floor(i / 4) % half, Math.floor(i / 4 / half)];
    const at = (dx: number, dy: number) => texels[4 * ((2 * y + dy) * SIDE_PX + 2 * x + dx) + channel]!;
    return Math.abs(byte - (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4) > 1;
  });
  expect(far).toEqual([]);
}

function flipRows(pixels: Uint8Array): Uint8Array {
  const rowBytes = 4 * SIDE_PX;
  const rows: number[][] = [];
  for (let at = 0; at < pixels.length; at += rowBytes) rows.unshift([...pixels.subarray(at, at + rowBytes)]);
  return Uint8Array.from(rows.flat());
}
