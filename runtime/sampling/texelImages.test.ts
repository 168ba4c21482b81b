import { dispose, memory, type Tensor3D, tensor2d, tensor3d, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { type NumValues, toMapPixels, toPixels } from '../core/pixels.ts';
import { normals } from '../core/random.ts';
import { likeliestTexels } from '../kernels/likeliestTexels.ts';
import { currentRecorder, forgetRecordings, useRecorder } from '../kernels/plan/recordings.ts';
import { readTexels } from '../kernels/texels.ts';
import { likeliestColours } from '../surface/likeliestColours.ts';
import { toOklab } from '../surface/palette.ts';
import type { PictureColours } from './finishedPicture.ts';
import type { DiffusionModel } from './model.ts';
import { texelImages } from './texelImages.ts';

const [HEIGHT, WIDTH] = [3, 70];

const modelOf = (channels: number) =>
  ({ index: { figment: { channels, premultipliedAlpha: true } } }) as DiffusionModel;

async function expectTexels(channels: NumValues): Promise<void> {
  const model = modelOf(channels);
  const size = HEIGHT * WIDTH * channels;
  const values = Float32Array.from(normals(5, channels, 2 * size), (value) => 0.5 * value);
  values[0] = Number.NaN;
  const images = tensor4d(values, [2, HEIGHT, WIDTH, channels]);
  const { numTensors } = memory();
  const made = texelImages(model, images);
  expect(made).toHaveLength(2);
  for (const [i, { picture, maps, widthPx, heightPx }] of made.entries()) {
    const own = values.subarray(i * size, (i + 1) * size);
    expect([widthPx, heightPx]).toEqual([WIDTH, HEIGHT]);
    expect(await readTexels(picture, WIDTH)).toEqual(toPixels(own, channels));
    expect(maps && (await readTexels(maps, WIDTH))).toEqual(channels === 6 ? toMapPixels(own) : null);
    dispose(maps ? [picture, maps] : [picture]);
  }
  expect(memory().numTensors).toBe(numTensors);
  images.dispose();
  forgetRecordings(model);
}

/** Random colours of five different costs. */
function randomColours(numColours: number): PictureColours {
  const colours = Uint8Array.from(normals(6, 0, 3 * numColours), (value) =>
    Math.min(255, Math.max(0, 128 + 70 * value)),
  );
  const costs = Float32Array.from({ length: numColours }, (_, i) => 0.004 * ((7 * i) % 5));
  return { colours, costs };
}

/** Where two colours are nearly as likely, the GPU's 32 bits may decide for the other one. */
const NEARLY = 1e-5;

/** What a colour of the palette costs a pixel, distance and all. */
function costOf(pixel: Uint8Array, colour: Uint8Array, { colours, costs }: PictureColours): number {
  const labOf = ([red, green, blue]: Uint8Array) => toOklab(red!, green!, blue!);
  const other = labOf(colour);
  const distance = labOf(pixel).reduce((sum, value, c) => sum + (value - other[c]!) ** 2, 0);
  const places = [...costs.keys()].filter((i) => [0, 1, 2].every((c) => colours[3 * i + c] === colour[c]));
  return distance + Math.min(...places.map((i) => costs[i]!));
}

function expectLikeliest(texels: Uint8Array, pixels: Uint8Array, colours: PictureColours): void {
  const expected = likeliestColours(pixels, colours.colours, colours.costs);
  let numOthers = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const [found, best, pixel] = [texels, expected, pixels].map((bytes) => bytes.subarray(at, at + 4));
    expect(found![3]).toBe(pixel![3]);
    if (found!.every((byte, c) => byte === best![c])) continue;
    numOthers++;
    expect(pixel![3]).toBeGreaterThan(0);
    expect(costOf(pixel!, found!, colours) - costOf(pixel!, best!, colours)).toBeLessThan(NEARLY);
  }
  expect(numOthers).toBeLessThan(pixels.length / 4 / 100);
}

/** The half of texels with the bottom row first, turned round. */
async function readBottomUp(texels: Tensor3D): Promise<Uint8Array> {
  const [, height, rowTexels] = texels.shape;
  const { buffer, byteOffset } = (await texels.data()) as Float32Array;
  const rows = Array.from({ length: height }, (_, row) => [
    ...new Uint8Array(buffer, byteOffset + 4 * rowTexels * (2 * height - 1 - row), 4 * WIDTH),
  ]);
  return Uint8Array.from(rows.flat());
}

async function expectColours(channels: NumValues, numColours: number): Promise<void> {
  const model = modelOf(channels);
  const size = HEIGHT * WIDTH * channels;
  const values = Float32Array.from(normals(8, channels, 3 * size), (value) => 0.5 * value);
  const images = tensor4d(values, [3, HEIGHT, WIDTH, channels]);
  const colours = randomColours(numColours);
  const { numTensors } = memory();
  const made = texelImages(model, images, [colours, null, colours]);
  for (const [i, { picture, maps }] of made.entries()) {
    const own = values.subarray(i * size, (i + 1) * size);
    const [texels, pixels] = [await readTexels(picture, WIDTH), toPixels(own, channels)];
    if (i === 1) expect(texels).toEqual(pixels);
    else expectLikeliest(texels, pixels, colours);
    expect(await readBottomUp(picture)).toEqual(texels);
    expect(maps && (await readTexels(maps, WIDTH))).toEqual(channels === 6 ? toMapPixels(own) : null);
    dispose(maps ? [picture, maps] : [picture]);
  }
  expect(memory().numTensors).toBe(numTensors);
  images.dispose();
  forgetRecordings(model);
}

/** Lets `work` do without recordings. */
async function withoutRecordings(work: () => Promise<void>): Promise<void> {
  const recorder = currentRecorder()!;
  useRecorder('webgpu', { ...recorder, record: () => recorder.refuse('on purpose') });
  await work().finally(() => useRecorder('webgpu', recorder));
}

describeOnBackends(() => {
  it.each([3, 4, 6] as const)('gives each image of %s channels its bytes, as toPixels does', expectTexels);

  it('does so without a recording, too', () => withoutRecordings(() => expectTexels(6)));

  it.each([
    [3, 1],
    [3, 1024],
    [4, 40],
    [6, 40],
  ] as const)('gives pictures of %s channels the likeliest of %s colours, where they have some', expectColours);

  it('does that without a recording, too', () => withoutRecordings(() => expectColours(6, 40)));

  it('takes the first of the colours that are as likely', async () => {
    const texels = tensor3d(new Float32Array(Uint32Array.of(0x80ff8000, 0).buffer), [2, 1, 1]);
    const lab = [0.5, 0, 0];
    const palette = tensor2d([lab, 0.1, 1, 2, 3, 0, lab, 0.1, 4, 5, 6, 0].flat(), [2, 8]);
    const likeliest = likeliestTexels(texels, palette);
    expect(await readTexels(likeliest, 1)).toEqual(Uint8Array.of(1, 2, 3, 0x80));
    dispose([texels, palette, likeliest]);
  });

  it('refuses texels and palettes of other shapes', () => {
    const [texels, palette] = [tensor3d([0, 0], [2, 1, 1]), tensor2d(new Array(8).fill(0), [1, 8])];
    const [half, short] = [tensor3d([0], [1, 1, 1]), tensor2d([0, 0, 0, 0], [1, 4])];
    expect(() => likeliestTexels(half, palette)).toThrow('the texels are (1,1,1); expected (2, H, W)');
    expect(() => likeliestTexels(texels, short)).toThrow('the palette is float32 (1,4); expected float32 (n, 8)');
    dispose([texels, palette, half, short]);
  });
}, ['webgpu']);
