import { dispose, memory, type Tensor1D, type Tensor3D, tensor1d, tensor3d, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import type { PalettePlaces } from '../core/palettePlaces.ts';
import { type NumValues, toMapPixels, toPixels } from '../core/pixels.ts';
import { normals, uniforms } from '../core/random.ts';
import { expectedTexels } from '../kernels/expectedTexels.ts';
import { currentRecorder, forgetRecordings, useRecorder } from '../kernels/plan/recordings.ts';
import { readTexels } from '../kernels/texels.ts';
import { expectedColours, type PictureColours, pictureColours } from '../surface/expectedColours.ts';
import type { DiffusionModel } from './model.ts';
import { type TexelImage, texelImages } from './texelImages.ts';

const [HEIGHT, WIDTH] = [3, 70];
const ATTRS = { numColours: 1, numFrames: 1, frameWidth: 1, deviation: 0.05, sure: 0.9, isCut: false };

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

/** Where random colours show, in a picture of two frames of two views. */
function randomPlaces(numColours: number, numParts: number): PalettePlaces {
  const bytes = (stream: number, count: number) => Uint8Array.from(uniforms(7, stream, count), (value) => 60 * value);
  return { parts: bytes(0, HEIGHT * WIDTH * numParts), shares: bytes(1, numColours * numParts) };
}

/** Random colours of five different costs. @param numParts 0: they may be anywhere */
function randomColours(numColours: number, sure: number, numParts = 0): PictureColours {
  const colours = Uint8Array.from(normals(6, 0, 3 * numColours), (value) =>
    Math.min(255, Math.max(0, 128 + 70 * value)),
  );
  const costs = Float32Array.from({ length: numColours }, (_, i) => 0.004 * ((7 * i) % 5));
  const places = numParts > 0 ? randomPlaces(numColours, numParts) : undefined;
  return pictureColours({ colours, deviation: 0.05, sure, places, isCut: numParts === 32 }, costs, {
    widthPx: WIDTH / 2,
    heightPx: HEIGHT,
    views: [1, 0],
  });
}

/** A palette of one part for all colours, of a picture of one pixel. */
function paletteOf(entries: number[]): Tensor1D {
  const shares = entries.flatMap((_, i) => (i % 8 === 0 ? [1, ...new Array(31).fill(0)] : []));
  return tensor1d([...entries, ...shares, 0, ...new Array(8).fill(0)]);
}

/** Where a mean lies halfway between two bytes, the GPU's 32 bits may decide for the other one. */
function expectNearly(texels: Uint8Array, expected: Uint8Array): void {
  expect(texels).toHaveLength(expected.length);
  const differences = [...texels].map((byte, i) => Math.abs(byte - expected[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(differences.filter((difference) => difference > 0).length).toBeLessThan(texels.length / 200);
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

async function expectColours(channels: NumValues, numColours: number, sure: number, numParts = 0): Promise<void> {
  const model = modelOf(channels);
  const size = HEIGHT * WIDTH * channels;
  const values = Float32Array.from(normals(8, channels, 3 * size), (value) => 0.5 * value);
  const images = tensor4d(values, [3, HEIGHT, WIDTH, channels]);
  const colours = randomColours(numColours, sure, numParts);
  const { numTensors } = memory();
  const made = texelImages(model, images, [colours, null, colours]);
  for (const [i, { picture, maps }] of made.entries()) {
    const own = values.subarray(i * size, (i + 1) * size);
    const [texels, pixels] = [await readTexels(picture, WIDTH), toPixels(own, channels)];
    if (i === 1) expect(texels).toEqual(pixels);
    else expectNearly(texels, expectedColours(pixels, colours));
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
    [3, 1, 0.9],
    [3, 1024, 0.9],
    [4, 40, 0],
    [4, 40, 0.9],
    [6, 40, 1],
  ] as const)(
    'gives pictures of %s channels those to be expected of %s colours, where they have some, or one likelier than %s',
    expectColours,
  );

  it.each([
    [3, 1, 0.9, 1],
    [4, 40, 0, 7],
    [4, 40, 0.9, 32],
    [3, 1024, 1, 32],
  ] as const)('does so by places: %s channels, %s colours, likelier than %s, %s parts', expectColours);

  it('does that without a recording, too', () => withoutRecordings(() => expectColours(6, 40, 0.9)));

  it('takes the first of the colours that are as likely', async () => {
    const texels = tensor3d(new Float32Array(Uint32Array.of(0x80ff8000, 0).buffer), [2, 1, 1]);
    const lab = [0.5, 0, 0];
    const palette = paletteOf([lab, 0.1, 1, 2, 3, 0, lab, 0.1, 4, 5, 6, 0].flat());
    const likeliest = expectedTexels(texels, palette, { ...ATTRS, numColours: 2, sure: 0 });
    expect(await readTexels(likeliest, 1)).toEqual(Uint8Array.of(1, 2, 3, 0x80));
    dispose([texels, palette, likeliest]);
  });

  it('lets colours be anywhere in a picture of another size', async () => {
    const colours = randomColours(40, 0.9, 5);
    const values = Float32Array.from(normals(8, 1, 30 * 30 * 4), (value) => 0.5 * value);
    const images = tensor4d(values, [1, 30, 30, 4]);
    const model = modelOf(4);
    const [{ picture }] = texelImages(model, images, [colours]) as [TexelImage];
    expectNearly(await readTexels(picture, 30), expectedColours(toPixels(values, 4), { ...colours, places: null }));
    dispose([picture, images]);
    forgetRecordings(model);
  });

  it('refuses texels of another shape, and palettes of another length', () => {
    const [texels, half] = [tensor3d([0, 0], [2, 1, 1]), tensor3d([0], [1, 1, 1])];
    const [palette, long] = [paletteOf(new Array(8).fill(0)), tensor1d(new Array(53).fill(0))];
    expect(() => expectedTexels(half, palette, ATTRS)).toThrow('texels (1,1,1) and a palette of 1 colours and 1 views');
    expect(() => expectedTexels(texels, long, ATTRS)).toThrow('and 1.5 views; expected (2, H, W) and whole views');
    expect(() => expectedTexels(texels, palette, { ...ATTRS, numColours: 0 })).toThrow('a palette of 0 colours');
    dispose([texels, half, palette, long]);
  });
}, ['webgpu']);
