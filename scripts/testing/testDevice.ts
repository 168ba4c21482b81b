// A WebGPU device of its own, without tfjs, for tests of kernels that go from texture to texture.

import { openNodeWebgpu } from '../node/nodeRuntime.ts';

const webgpu = await openNodeWebgpu();

/** Why there is none; empty where there is one. */
export const testDeviceFlaw = webgpu.reason;

export interface TestDevice {
  device: GPUDevice;
  /** An rgba8unorm texture that kernels may read and write, with these bytes or none. */
  createTexture(width: number, height: number, pixels?: Uint8Array): GPUTexture;
  /** RGBA bytes, row 0 first; destroys the texture. */
  readTexture(texture: GPUTexture): Promise<Uint8Array>;
  close(): void;
}

export async function openTestDevice(): Promise<TestDevice> {
  const device = await (await webgpu.gpu!.requestAdapter())!.requestDevice();
  return {
    device,
    createTexture: (width, height, pixels) => createTexture(device, width, height, pixels),
    readTexture: (texture) => readTexture(device, texture),
    close: () => {
      device.destroy();
      webgpu.release();
    },
  };
}

function createTexture(device: GPUDevice, width: number, height: number, pixels?: Uint8Array): GPUTexture {
  const { STORAGE_BINDING, TEXTURE_BINDING, COPY_SRC, COPY_DST } = GPUTextureUsage;
  const usage = STORAGE_BINDING | TEXTURE_BINDING | COPY_SRC | COPY_DST;
  const texture = device.createTexture({ size: [width, height], format: 'rgba8unorm', usage });
  if (pixels) {
    device.queue.writeTexture({ texture }, Uint8Array.from(pixels), { bytesPerRow: 4 * width }, [width, height]);
  }
  return texture;
}

/** RGBA bytes of an rgba8unorm texture, row 0 first; destroys it. */
export async function readTexture(device: GPUDevice, texture: GPUTexture): Promise<Uint8Array> {
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
