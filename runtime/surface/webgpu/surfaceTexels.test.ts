import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestDevice, type TestDevice, testDeviceFlaw } from '../../../scripts/testing/testDevice.ts';
import { integers } from '../../core/random.ts';
import { scaleNearest } from '../../core/scaleNearest.ts';
import { BRICK_HEIGHT_PX, BRICK_WIDTH_PX, brickPixels } from '../../testing/tinyDataset.ts';
import { type SurfaceMaps, type SurfaceOptions, surfaceMaps } from '../surfaceMaps.ts';
import { prepareSurfaceTexels, type SurfaceTargets, writeSurfaceTexels } from './surfaceTexels.ts';

const [W, H] = [BRICK_WIDTH_PX, BRICK_HEIGHT_PX];
/** The largest difference of a byte: the GPU computes with 32 bits. */
const TOLERANCE = 1;

let gpu: TestDevice;
let device: GPUDevice;

describe.skipIf(testDeviceFlaw)(`writeSurfaceTexels${testDeviceFlaw && ` (${testDeviceFlaw})`}`, () => {
  beforeAll(async () => {
    gpu = await openTestDevice();
    device = gpu.device;
  });

  afterAll(() => gpu.close());

  it.each<[string, SurfaceOptions]>([
    ['dark gaps', { label: 'brick' }],
    ['bright gaps', { label: 'tile' }],
    ['rust', { label: 'metal' }],
    ['another green', { label: 'wood', green: 'directx' }],
    ['every setting', { lowParts: 'rare', reliefPx: 9, grainPx: 0, grain: 2, plateau: 0, depthPx: 20, radiusPx: 30 }],
    ['a small radius', { label: 'brick', radiusPx: 1 }],
    ['the others', { edgePx: 4, strength: 8, roughness: 0, wear: -1, metallic: 0.7, rust: 0.3 }],
  ])('writes the maps of surfaceMaps: %s', async (name, options) => {
    await expectSameMaps(brickPixels(name === 'dark gaps' ? 'dark' : 'bright', 20), W, H, options);
  });

  it('writes them for noise, for colours and for pictures smaller than what they look at', async () => {
    const noise = Uint8Array.from(integers(3, 0, 4 * 40 * 70, 256));
    await expectSameMaps(noise, 70, 40, { label: 'metal' });
    await expectSameMaps(noise.subarray(0, 4 * 5 * 3), 5, 3, { label: 'gravel' });
  });

  it.each([1, 2])('takes height, roughness and metal that were generated, of 1/%i of the size', async (factor) => {
    const [width, height] = [W / factor, H / factor];
    const generated = Uint8Array.from(integers(9, 0, 4 * width * height, 256));
    const options = { label: 'roof', edgePx: 2, depthPx: 40 };
    const actual = await mapsOnGpu(brickPixels('dark'), W, H, options, { pixels: generated, width, height });
    const enlarged = scaleNearest(generated, width, height, factor);
    expectEqualMaps(actual, surfaceMaps(brickPixels('dark'), W, H, options, enlarged, factor));
  });

  it('of a plain picture are flat', async () => {
    const { normal, orm } = await mapsOnGpu(new Uint8Array(4 * 64).fill(255), 8, 8, { label: 'brick' });
    expect([...new Set(normal)].sort()).toEqual([128, 255]);
    expect(orm.filter((_, i) => i % 4 === 0 || i % 4 === 3).join()).toBe('255,128,'.repeat(64).slice(0, -1));
  });

  it('reads nothing back and leaves no buffer', async () => {
    const created = vi.spyOn(device, 'createBuffer');
    const targets = { normal: gpu.createTexture(W, H), orm: gpu.createTexture(W, H) };
    const albedo = gpu.createTexture(W, H);
    const mapped = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
    const destroyed = vi.spyOn(GPUBuffer.prototype, 'destroy');
    writeSurfaceTexels(device, await prepareSurfaceTexels(device), albedo, targets);
    expect(mapped).not.toHaveBeenCalled();
    expect(created.mock.calls.length).toBeGreaterThan(0);
    expect(destroyed).toHaveBeenCalledTimes(created.mock.calls.length);
    vi.restoreAllMocks();
    for (const texture of [albedo, targets.normal, targets.orm]) texture.destroy();
  });

  it('refuses targets of another size and options out of range', async () => {
    const albedo = gpu.createTexture(W, H);
    const pipelines = await prepareSurfaceTexels(device);
    const write = (targets: SurfaceTargets, options?: SurfaceOptions, generated?: GPUTexture) =>
      writeSurfaceTexels(device, pipelines, albedo, targets, options, generated);
    const [fitting, other] = [gpu.createTexture(W, H), gpu.createTexture(W, 2 * H)];
    expect(() => write({ normal: fitting, orm: other })).toThrow(/the orm texture is 36×40; expected 36×20/);
    expect(() => write({ normal: fitting, orm: fitting }, { plateau: 9 })).toThrow(/plateau is 9; expected 0 to 4/);
    expect(() => write({ normal: fitting, orm: fitting }, {}, other)).toThrow(
      /the generated maps are 36×40; expected 36×20/,
    );
  });
});

async function expectSameMaps(pixels: Uint8Array, width: number, height: number, options: SurfaceOptions) {
  expectEqualMaps(await mapsOnGpu(pixels, width, height, options), surfaceMaps(pixels, width, height, options));
}

function expectEqualMaps(actual: Record<'normal' | 'orm', Uint8Array>, maps: SurfaceMaps): void {
  expectSame(channel(actual.normal, 0, 1, 2), maps.normal.pixels, 'normal');
  expectSame(channel(actual.normal, 3), maps.height.pixels, 'height');
  expectSame(channel(actual.orm, 0, 1, 2), maps.orm.pixels, 'orm');
  expectSame(channel(actual.orm, 3), maps.cavity.pixels, 'cavity');
}

function expectSame(actual: Uint8Array, expected: Uint8Array, name: string): void {
  expect(actual.length, name).toBe(expected.length);
  const worst = actual.reduce((top, value, i) => Math.max(top, Math.abs(value - expected[i]!)), 0);
  expect(worst, name).toBeLessThanOrEqual(TOLERANCE);
}

const channel = (pixels: Uint8Array, ...channels: number[]) => pixels.filter((_, i) => channels.includes(i % 4));

async function mapsOnGpu(
  pixels: Uint8Array,
  width: number,
  height: number,
  options: SurfaceOptions,
  maps?: { pixels: Uint8Array; width: number; height: number },
) {
  const albedo = gpu.createTexture(width, height, pixels);
  const generated = maps ? gpu.createTexture(maps.width, maps.height, maps.pixels) : null;
  const targets = { normal: gpu.createTexture(width, height), orm: gpu.createTexture(width, height) };
  const factor = maps ? width / maps.width : 1;
  writeSurfaceTexels(device, await prepareSurfaceTexels(device), albedo, targets, options, generated, factor);
  albedo.destroy();
  generated?.destroy();
  return { normal: await gpu.readTexture(targets.normal), orm: await gpu.readTexture(targets.orm) };
}
