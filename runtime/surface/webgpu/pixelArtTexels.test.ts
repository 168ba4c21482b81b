import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestDevice, type TestDevice, testDeviceFlaw } from '../../../scripts/testing/testDevice.ts';
import { integers } from '../../core/random.ts';
import { type PixelArtOptions, pixelArt } from '../pixelArt.ts';
import { preparePixelArtTexels, writePixelArtTexels } from './pixelArtTexels.ts';

const PALETTE = ['#1a1c2c', '#5d275d', '#b13e53', '#ef7d57', '#ffcd75', '#a7f070', '#38b764', '#257179', '#f4f4f4'];
const [W, H] = [37, 22];
const random = Uint8Array.from(integers(8, 0, 4 * W * H, 256));
/** Few colours, so that there are edges to round. */
const drawn = Uint8Array.from(integers(9, 0, 4 * W * H, 2), (bit, i) => (i % 4 === 3 ? 255 : 200 * bit + (i % 3)));

function flip(pixels: Uint8Array, width = W): Uint8Array {
  const numRows = pixels.length / width / 4;
  const rows = Array.from({ length: numRows }, (_, y) => [...pixels.subarray(4 * width * y, 4 * width * (y + 1))]);
  return Uint8Array.from(rows.reverse().flat());
}

function expectSameButForTies(actual: Uint8Array, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const differing = [...actual.keys()].filter((i) => actual[i] !== expected[i]);
  expect(differing.filter((i) => i % 4 === 3)).toEqual([]);
  expect(new Set(differing.map((i) => i >> 2)).size).toBeLessThanOrEqual(1); // none on lavapipe
}

let gpu: TestDevice;

describe.skipIf(testDeviceFlaw)(`writePixelArtTexels${testDeviceFlaw && ` (${testDeviceFlaw})`}`, () => {
  beforeAll(async () => {
    gpu = await openTestDevice();
  });

  afterAll(() => gpu.close());

  async function onGpu(pixels: Uint8Array, options: Partial<PixelArtOptions>, flipY = false): Promise<Uint8Array> {
    const factor = options.factor ?? 1;
    const [source, target] = [gpu.createTexture(W, H, pixels), gpu.createTexture(factor * W, factor * H)];
    const pipelines = await preparePixelArtTexels(gpu.device);
    writePixelArtTexels(gpu.device, pipelines, source, target, { ...options, flipY });
    source.destroy();
    return gpu.readTexture(target);
  }

  it.each<Partial<PixelArtOptions>>([
    { factor: 2 },
    { factor: 4, tolerance: 0 },
    { factor: 4, tolerance: 3, wraps: false },
  ])('enlarges as pixelArt does: %j', async (options) => {
    expect(await onGpu(drawn, options)).toEqual(pixelArt(drawn, W, H, options).pixels);
    expect(await onGpu(random, options)).toEqual(pixelArt(random, W, H, options).pixels);
  });

  it.each<Partial<PixelArtOptions>>([
    { palette: PALETTE },
    { palette: PALETTE, dither: 0.3 },
    { palette: PALETTE, dither: undefined },
    { palette: PALETTE.slice(0, 1), dither: 1 },
    { colours: 2 },
    { colours: 24 },
    { colours: 256, dither: 0.1 },
  ])('snaps as pixelArt does, but for ties: %j', async (options) => {
    expectSameButForTies(await onGpu(random, options), pixelArt(random, W, H, options).pixels);
  });

  it('chooses the palette that ownPalette does from a larger picture, whichever row the texture has first', async () => {
    const [width, height] = [300, 131];
    const noise = integers(10, 0, 4 * width * height, 40);
    const picture = Uint8Array.from(noise, (value, i) => value + (i % 4 === 3 ? 216 : (i >> 4) % 200));
    const draw = async (pixels: Uint8Array, flipY: boolean) => {
      const [source, target] = [gpu.createTexture(width, height, pixels), gpu.createTexture(width, height)];
      writePixelArtTexels(gpu.device, await preparePixelArtTexels(gpu.device), source, target, { colours: 9, flipY });
      source.destroy();
      return gpu.readTexture(target);
    };
    const expected = pixelArt(picture, width, height, { colours: 9 }).pixels;
    expectSameButForTies(await draw(picture, false), expected);
    expectSameButForTies(flip(await draw(flip(picture, width), true), width), expected);
  });

  it('finds few colours all, and leaves a picture alone of which nothing shows', async () => {
    expect(await onGpu(drawn, { colours: 200 })).toEqual(drawn);
    const hidden = random.map((byte, i) => (i % 4 === 3 ? byte >> 1 : byte));
    expect(await onGpu(hidden, { colours: 8 })).toEqual(hidden);
  });

  it('dithers by the rows of the picture, whichever the texture has first', async () => {
    const options = { palette: ['#000000', '#ffffff'], dither: 1 };
    const flipped = await onGpu(flip(random), options, true);
    expect(flip(flipped)).toEqual(pixelArt(random, W, H, options).pixels);
  });

  it.each([
    [{ palette: PALETTE }, 3],
    [{ colours: 2 }, 5],
  ])('snaps and enlarges in one go, reads nothing back and leaves nothing: %j', async (colours, numBuffers) => {
    const created = [vi.spyOn(gpu.device, 'createBuffer'), vi.spyOn(gpu.device, 'createTexture')];
    const options = { ...colours, factor: 4, tolerance: 0 } as const;
    const [source, target] = [gpu.createTexture(W, H, drawn), gpu.createTexture(4 * W, 4 * H)];
    const pipelines = await preparePixelArtTexels(gpu.device);
    const destroyed = [vi.spyOn(GPUBuffer.prototype, 'destroy'), vi.spyOn(GPUTexture.prototype, 'destroy')];
    const mapped = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
    writePixelArtTexels(gpu.device, pipelines, source, target, options);
    expect(mapped).not.toHaveBeenCalled();
    expect(destroyed.map((spy) => spy.mock.calls.length)).toEqual([numBuffers, 2]);
    expect(created.map((spy) => spy.mock.calls.length)).toEqual([numBuffers, 4]); // source and target among them
    vi.restoreAllMocks();
    source.destroy();
    expect(await gpu.readTexture(target)).toEqual(pixelArt(drawn, W, H, options).pixels);
  });

  it('refuses what pixelArt refuses, a target of another size, and to do nothing', async () => {
    await expect(onGpu(random, { palette: ['red'] })).rejects.toThrow(/colour "red"; expected #rrggbb/);
    await expect(onGpu(random, { factor: 2, tolerance: 300 })).rejects.toThrow(/tolerance is 300/);
    await expect(onGpu(random, {})).rejects.toThrow(/nothing to do; give a palette, a number of colours or/);
    await expect(onGpu(random, { colours: 1 })).rejects.toThrow(/colours is 1; expected 2 to 256/);
    await expect(onGpu(random, { colours: 4, palette: PALETTE })).rejects.toThrow(/both palette and colours are given/);
    const created = vi.spyOn(gpu.device, 'createBuffer');
    await expect(onGpu(random, { colours: 4, dither: 3 })).rejects.toThrow(/dither is 3; expected 0 to 1/);
    expect(created).not.toHaveBeenCalled();
    created.mockRestore();
    const pipelines = await preparePixelArtTexels(gpu.device);
    const texture = gpu.createTexture(W, H);
    expect(() => writePixelArtTexels(gpu.device, pipelines, texture, texture, { factor: 2 })).toThrow(
      `the target is ${W}×${H}; expected ${2 * W}×${2 * H}`,
    );
    texture.destroy();
  });
});
