import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openNodeWebgpu } from '../../../scripts/io/nodeWebgpu.ts';
import { integers } from '../../core/random.ts';
import { BRICK_HEIGHT_PX, BRICK_WIDTH_PX, brickPixels } from '../../testing/tinySurface.ts';
import { type SurfaceOptions, surfaceMaps } from '../surfaceMaps.ts';
import { prepareSurfaceTexels, type SurfaceTargets, writeSurfaceTexels } from './surfaceTexels.ts';

const webgpu = await openNodeWebgpu();
const [W, H] = [BRICK_WIDTH_PX, BRICK_HEIGHT_PX];
/** Of 255: the GPU computes with 32 bits. */
const TOLERANCE = 1;

let device: GPUDevice;

describe.skipIf(!webgpu.gpu)(`writeSurfaceTexels${webgpu.gpu ? '' : ` (${webgpu.reason})`}`, () => {
  beforeAll(async () => {
    device = await (await webgpu.gpu!.requestAdapter())!.requestDevice();
  });

  afterAll(() => {
    device.destroy();
    webgpu.release();
  });

  it.each<[string, SurfaceOptions]>([
    ['dark gaps', { label: 'brick' }],
    ['bright gaps', { label: 'tile' }],
    ['rust', { label: 'metal' }],
    ['another green', { label: 'wood', green: 'directx' }],
    ['every setting', { lowParts: 'rare', reliefPx: 9, grainPx: 0, grain: 2, plateau: 0, depthPx: 20, radiusPx: 30 }],
    ['the others', { edgePx: 4, strength: 8, roughness: 0, wear: -1, metallic: 0.7, rust: 0.3 }],
  ])('writes the maps of surfaceMaps: %s', async (name, options) => {
    await expectSameMaps(brickPixels(name === 'dark gaps' ? 'dark' : 'bright', 20), W, H, options);
  });

  it('writes them for noise, for colours and for pictures smaller than what they look at', async () => {
    const noise = Uint8Array.from(integers(3, 0, 4 * 40 * 70, 256));
    await expectSameMaps(noise, 70, 40, { label: 'metal' });
    await expectSameMaps(noise.subarray(0, 4 * 5 * 3), 5, 3, { label: 'gravel' });
  });

  it('of a plain picture are flat', async () => {
    const { normal, orm } = await mapsOnGpu(new Uint8Array(4 * 64).fill(255), 8, 8, { label: 'brick' });
    expect([...new Set(normal)].sort()).toEqual([128, 255]);
    expect(orm.filter((_, i) => i % 4 === 0 || i % 4 === 3).join()).toBe('255,128,'.repeat(64).slice(0, -1));
  });

  it('reads nothing back and leaves no buffer', async () => {
    const created = vi.spyOn(device, 'createBuffer');
    const targets = { normal: createTexture(W, H), orm: createTexture(W, H) };
    const albedo = createTexture(W, H);
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
    const albedo = createTexture(W, H);
    const pipelines = await prepareSurfaceTexels(device);
    const write = (targets: SurfaceTargets, options?: SurfaceOptions) =>
      writeSurfaceTexels(device, pipelines, albedo, targets, options);
    const [fitting, other] = [createTexture(W, H), createTexture(W, 2 * H)];
    expect(() => write({ normal: fitting, orm: other })).toThrow(/the orm texture is 36×40; expected 36×20/);
    expect(() => write({ normal: fitting, orm: fitting }, { plateau: 9 })).toThrow(/plateau is 9; expected 0 to 4/);
  });
});

async function expectSameMaps(pixels: Uint8Array, width: number, height: number, options: SurfaceOptions) {
  const actual = await mapsOnGpu(pixels, width, height, options);
  const maps = surfaceMaps(pixels, width, height, options);
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

async function mapsOnGpu(pixels: Uint8Array, width: number, height: number, options: SurfaceOptions) {
  const albedo = createTexture(width, height);
  device.queue.writeTexture({ texture: albedo }, Uint8Array.from(pixels), { bytesPerRow: 4 * width }, [width, height]);
  const targets = { normal: createTexture(width, height), orm: createTexture(width, height) };
  writeSurfaceTexels(device, await prepareSurfaceTexels(device), albedo, targets, options);
  albedo.destroy();
  return { normal: await readTexture(targets.normal), orm: await readTexture(targets.orm) };
}

function createTexture(width: number, height: number): GPUTexture {
  const { STORAGE_BINDING, TEXTURE_BINDING, COPY_SRC, COPY_DST } = GPUTextureUsage;
  const usage = STORAGE_BINDING | TEXTURE_BINDING | COPY_SRC | COPY_DST;
  return device.createTexture({ size: [width, height], format: 'rgba8unorm', usage });
}

/** RGBA bytes, row 0 first; destroys the texture. */
async function readTexture(texture: GPUTexture): Promise<Uint8Array> {
  const { width, height } = texture;
  const bytesPerRow = Math.ceil((4 * width) / 256) * 256;
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const buffer = device.createBuffer({ size: bytesPerRow * height, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [width, height]);
  device.queue.submit([encoder.finish()]);
  await buffer.mapAsync(GPUMapMode.READ);
  const padded = new Uint8Array(buffer.getMappedRange());
  const rows = Array.from({ length: height }, (_, y) => [
    ...padded.subarray(y * bytesPerRow, y * bytesPerRow + 4 * width),
  ]);
  buffer.destroy();
  texture.destroy();
  return Uint8Array.from(rows.flat());
}
