import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
  add,
  backend as currentBackend,
  fill,
  memory,
  mul,
  slice,
  type Tensor3D,
  type Tensor4D,
  tensor3d,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { readTexture } from '../../scripts/testing/testDevice.ts';
import { MIN_ALPHA, type NumValues, toMapPixels, toPixels, toPremultiplied } from '../core/pixels.ts';
import { normals } from '../core/random.ts';
import {
  packTexels,
  readTexels,
  type TexelAttrs,
  uploadTexels,
  type WriteTexelsOptions,
  writeTexels,
} from './texels.ts';

const OPTIONS: WriteTexelsOptions = { flipY: false };
const PICTURE: TexelAttrs = { premultiplied: true, maps: false };

describeOnBackends((backend) => {
  if (backend === 'webgpu') {
    describeBytes();
    describeOrder();
    describeErrors();
    return;
  }
  test('writeTexels refuses texels of another backend', () => {
    const texels = tensor3d([0], [1, 1, 1]);
    expect(() => writeTexels(texels, 1, {} as GPUTexture, OPTIONS)).toThrow(
      `writeTexels: the texels are on backend "${backend}"; expected "webgpu"`,
    );
    texels.dispose();
  });
});

function describeBytes(): void {
  describe('the bytes that packTexels makes', () => {
    test.each([true, false])(
      'are those of toPixels for all that bytes encode, premultiplied: %s',
      async (premultiplied) => {
        const pixels = everyPairOfBytes();
        const values = premultiplied ? toPremultiplied(pixels, 4) : Float32Array.from(pixels, valueFor);
        const texels = await texelsOf(values, [256, 256, 4], { premultiplied });
        expect(differencesOf(texels, toPixels(values, 4, { premultiplied }))).toEqual([]);
      },
    );

    test.each([
      [3, true],
      [3, false],
      [4, true],
      [4, false],
    ] as const)(
      'are those of toPixels for random values of %s channels, premultiplied: %s',
      async (channels, premultiplied) => {
        const values = Float32Array.from(normals(7, 0, 50_000 * channels), (value) => 0.7 * value);
        const texels = await texelsOf(values, [250, 200, channels], { premultiplied });
        const differences = differencesOf(texels, toPixels(values, channels, { premultiplied }));
        expect(differences.length).toBeLessThanOrEqual(4); // none on lavapipe; WGSL lets a division be off by 2.5 ULP
        expect(differences.every((difference) => Math.abs(difference) === 1)).toBe(true);
      },
    );

    test.each([3, 4] as const)(
      'are those of toPixels for NaN, infinities and limits, %s channels',
      async (channels) => {
        const odd = [
          Number.NaN,
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
          1e30,
          -1e30,
          1.01,
          1,
          0,
          -0,
          -1,
          -1.01,
        ];
        const values: number[] = [];
        for (const alpha of [...odd, 0.5, valueFor(7.4), valueFor(7.6)]) {
          for (const colour of odd) values.push(...[colour, -0.25, colour, alpha].slice(0, channels));
        }
        for (const premultiplied of [true, false]) {
          const size: Size = [14, odd.length, channels];
          const texels = await texelsOf(Float32Array.from(values), size, { premultiplied });
          expect(texels).toEqual(toPixels(Float32Array.from(values), channels, { premultiplied }));
        }
      },
    );

    test('are at most 1 off where a value lies halfway between two, and right one millionth from there', async () => {
      const halves = Array.from({ length: 255 }, (_, byte) => (byte + 0.5) / 127.5 - 1);
      for (const [offset, allowed] of [
        [0, 1],
        [-1e-6, 0],
        [1e-6, 0],
      ] as const) {
        const values = Float32Array.from(halves, (half) => half + offset);
        const differences = differencesOf(await texelsOf(values, [1, 85, 3]), toPixels(values, 3));
        expect(Math.max(0, ...differences.map(Math.abs))).toBeLessThanOrEqual(allowed);
      }
    });

    test('agree on which pixels are too transparent to be seen', async () => {
      const threshold = Math.fround(valueFor(MIN_ALPHA - 0.5));
      const bits = new Int32Array(Float32Array.of(threshold).buffer)[0]!;
      const alphas = new Float32Array(Int32Array.from({ length: 9 }, (_, i) => bits - 4 + i).buffer);
      const values = Float32Array.from([...alphas].flatMap((alpha) => [-0.95, -0.97, -1, alpha]));
      expect(await texelsOf(values, [1, 9, 4])).toEqual(toPixels(values, 4));
    });
  });
}

function describeOrder(): void {
  describe('what writeTexels writes', () => {
    const SIZE: Size = [5, 9, 4];
    const numValues = 5 * 9 * 4;
    const values = Float32Array.from(normals(3, 0, 3 * numValues), (value) => 0.5 * value);

    test.each([0, 1, 2])('is image %s of three, top or bottom row first', async (index) => {
      const pixels = toPixels(values.subarray(index * numValues, (index + 1) * numValues), 4);
      expect(await texelsOf(values, SIZE, { index })).toEqual(pixels);
      expect(await texelsOf(values, SIZE, { index, flipY: true })).toEqual(flipRows(pixels, 9));
    });

    test('is the picture or the maps of a material', async () => {
      const materials = Float32Array.from(normals(4, 0, 2 * 5 * 9 * 6), (value) => 0.5 * value);
      const second = materials.subarray(5 * 9 * 6);
      expect(await texelsOf(materials, [5, 9, 6], { index: 1 })).toEqual(toPixels(second, 6));
      expect(await texelsOf(materials, [5, 9, 6], { index: 1, maps: true })).toEqual(toMapPixels(second));
    });

    test.each([9, 64, 70])('is a picture of %s pixels a row that was uploaded, byte for byte', async (widthPx) => {
      const pixels = Uint8Array.from({ length: 4 * 5 * widthPx }, (_, i) => (i * 89) & 255);
      pixels.fill(255, 0, 8); // as a float32 these are no number
      const texels = uploadTexels(pixels, widthPx, 5);
      expect(await readTexels(texels, widthPx)).toEqual(pixels);
      for (const flipY of [false, true]) {
        const texture = createTexture(widthPx, 5);
        writeTexels(texels, widthPx, texture, { flipY });
        expect(await readTexture(deviceInUse(), texture)).toEqual(flipY ? flipRows(pixels, widthPx) : pixels);
      }
      texels.dispose();
    });

    test('begins at (x, y) and leaves the other texels as they were', async () => {
      const images = tensor4d(values, [3, 5, 9, 4]);
      const texture = createTexture(12, 11);
      writeImage(images, 0, texture, { x: 3, y: 6, flipY: true });
      writeImage(images, 1, texture, { ...OPTIONS, x: 0, y: 0 });
      images.dispose();
      const expected = new Uint8Array(4 * 12 * 11);
      const [lower, upper] = [
        flipRows(toPixels(values.subarray(0, numValues), 4), 9),
        toPixels(values.subarray(numValues, 2 * numValues), 4),
      ];
      for (let row = 0; row < 5; row++) {
        expected.set(lower.subarray(row * 36, (row + 1) * 36), 4 * ((6 + row) * 12 + 3));
        expected.set(upper.subarray(row * 36, (row + 1) * 36), 4 * row * 12);
      }
      expect(await readTexture(deviceInUse(), texture)).toEqual(expected);
    });

    test('stays when the images are disposed at once and their memory is used again', async () => {
      const before = memory().numTensors;
      const images = tidy(() => add(mul(tensor4d(values, [3, 5, 9, 4]), 0.5), 0.25) as Tensor4D); // begun, not submitted
      const texture = createTexture(9, 5);
      const mapAsync = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
      writeImage(images, 1, texture, OPTIONS);
      images.dispose();
      tidy(() => {
        for (let i = 0; i < 20; i++) add(mul(fill([3, 5, 9, 4], i / 20), -1), 0.1);
      });
      expect(mapAsync).not.toHaveBeenCalled();
      mapAsync.mockRestore();
      expect(memory().numTensors).toBe(before);
      const expected = values.subarray(numValues, 2 * numValues).map((value) => value * 0.5 + 0.25);
      expect(await readTexture(deviceInUse(), texture)).toEqual(toPixels(expected, 4));
    });

    test('leaves the images as they were', async () => {
      const images = tensor4d(values, [3, 5, 9, 4]);
      const texture = createTexture(9, 5);
      writeImage(images, 0, texture, OPTIONS);
      writeImage(images, 2, texture, OPTIONS);
      expect(await images.data()).toEqual(values);
      images.dispose();
      expect(await readTexture(deviceInUse(), texture)).toEqual(toPixels(values.subarray(2 * numValues), 4));
    });
  });
}

function describeErrors(): void {
  describe('packTexels refuses', () => {
    test.each([
      ['two channels', [1, 3, 4, 2], 'float32'],
      ['two images', [2, 3, 4, 4], 'float32'],
      ['integers', [1, 3, 4, 4], 'int32'],
    ] as const)('%s', (_, shape, dtype) => {
      const other = fill([...shape], 0, dtype) as Tensor4D;
      expect(() => packTexels(other, PICTURE)).toThrow(
        new RangeError(`packTexels: the image is ${dtype} (${shape}); expected float32 (1, H, W, 3, 4 or 6)`),
      );
      other.dispose();
    });

    test('maps of an image that has none', () => {
      const image = fill([1, 3, 4, 4], 0) as Tensor4D;
      expect(() => packTexels(image, { premultiplied: false, maps: true })).toThrow(
        'packTexels: an image of 4 channels has no maps; expected 6, of a material',
      );
      image.dispose();
    });
  });

  describe('writeTexels refuses', () => {
    let texels: Tensor3D;
    let texture: GPUTexture;
    beforeAll(() => {
      texels = tidy(() => packTexels(fill([1, 3, 4, 4], 0), PICTURE));
      texture = createTexture(4, 3);
    });

    test('disposed texels', () => {
      const gone = texels.clone();
      gone.dispose();
      expect(() => writeTexels(gone, 4, texture, OPTIONS)).toThrow('writeTexels: the texels are disposed');
    });

    test.each([
      [1, 0],
      [0, 1],
      [-1, 0],
      [0.5, 0],
    ])('a picture that does not fit the texture at (%s, %s)', (x, y) => {
      expect(() => writeTexels(texels, 4, texture, { ...OPTIONS, x, y })).toThrow(
        `writeTexels: a picture of 4x3 pixels at (${x}, ${y}) does not fit the texture of 4x3`,
      );
    });

    test('a texture of another format or usage', () => {
      const { COPY_DST, TEXTURE_BINDING } = GPUTextureUsage;
      const float = createTexture(4, 3, { format: 'rgba16float', usage: COPY_DST });
      expect(() => writeTexels(texels, 4, float, OPTIONS)).toThrow('format is rgba16float; expected rgba8unorm');
      const sampled = createTexture(4, 3, { usage: TEXTURE_BINDING });
      expect(() => writeTexels(texels, 4, sampled, OPTIONS)).toThrow('lacks the usage COPY_DST');
    });
  });
}

type Size = [height: number, width: number, channels: NumValues];

/** The value of a byte with straight alpha. */
function valueFor(byte: number): number {
  return byte / 127.5 - 1;
}

/** 256 × 256 pixels: each alpha with each colour. */
function everyPairOfBytes(): Uint8Array {
  const pixels = new Uint8Array(4 * 256 * 256);
  for (let i = 0; i < 256 * 256; i++) pixels.set([i & 255, 255 - (i & 255), (i * 7) & 255, i >> 8], 4 * i);
  return pixels;
}

function differencesOf(actual: Uint8Array, expected: Uint8Array): number[] {
  expect(actual.length).toBe(expected.length);
  return Array.from(actual, (byte, i) => byte - expected[i]!).filter((difference) => difference !== 0);
}

function flipRows(pixels: Uint8Array, widthPx: number): Uint8Array {
  const rows: number[][] = [];
  for (let at = 0; at < pixels.length; at += 4 * widthPx) rows.unshift([...pixels.subarray(at, at + 4 * widthPx)]);
  return Uint8Array.from(rows.flat());
}

function deviceInUse(): GPUDevice {
  return (currentBackend() as WebGPUBackend).device;
}

function createTexture(width: number, height: number, descriptor: Partial<GPUTextureDescriptor> = {}): GPUTexture {
  const usage = GPUTextureUsage.COPY_DST | GPUTextureUsage.COPY_SRC;
  return deviceInUse().createTexture({ size: [width, height], format: 'rgba8unorm', usage, ...descriptor });
}

function packImage(images: Tensor4D, index: number, attrs: TexelAttrs): Tensor3D {
  return tidy(() => {
    const image = slice(images, [index, 0, 0, 0], [1, ...images.shape.slice(1)]);
    return packTexels(image as Tensor4D, attrs);
  });
}

function writeImage(images: Tensor4D, index: number, texture: GPUTexture, options: WriteTexelsOptions): void {
  const texels = packImage(images, index, PICTURE);
  writeTexels(texels, images.shape[2], texture, options);
  texels.dispose();
}

/** The texels that one image of `values` becomes. Those that are read without a texture are the same. */
async function texelsOf(
  values: Float32Array,
  [height, width, channels]: Size,
  { premultiplied = true, flipY = false, index = 0, maps = false } = {},
): Promise<Uint8Array> {
  const images = tensor4d(values, [values.length / (height * width * channels), height, width, channels]);
  const texture = createTexture(width, height);
  const texels = packImage(images, index, { premultiplied, maps });
  writeTexels(texels, width, texture, { flipY });
  const written = await readTexture(deviceInUse(), texture);
  const read = await readTexels(texels, width);
  expect(flipY ? flipRows(read, width) : read).toEqual(written);
  images.dispose();
  texels.dispose();
  return written;
}
