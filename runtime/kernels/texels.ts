// Pictures as bytes on the GPU: no value passes through the CPU.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine, type Tensor3D, type Tensor4D, tensor3d } from '@tensorflow/tfjs-core';

export const TEXELS = 'FigmentTexels';

/** What is made of a picture's values. */
export interface TexelAttrs {
  /** Whether the colour values are multiplied by alpha; without effect for RGB. */
  premultiplied: boolean;
  /** The height, roughness and metallic of a material in place of its picture, as `toMapPixels` does. */
  maps: boolean;
}

/** A row of texels in memory is a multiple of these, 256 bytes, as WebGPU wants it for copies into textures. */
const ROW_TEXELS = 64;

/** The shape of what `packTexels` makes of images (B, H, W, C). */
export function texelShape([, height, width]: readonly number[]): [number, number, number] {
  return [2, height!, ROW_TEXELS * Math.ceil(width! / ROW_TEXELS)];
}

/**
 * The bytes that `toPixels` makes of one decoded image: RGBA, sRGB, straight alpha. A byte may differ by 1 where its exact
 * value lies halfway between two, since the GPU computes with 32 bits. On WebGPU alone.
 *
 * @param image float32 (1, H, W, 3, 4 or 6), about [-1, 1]
 * @returns     (2, H, W rounded up to 64): the picture top row first, and bottom row first; four bytes in the place of each
 *              float32. The caller disposes it
 * @throws      RangeError when the image is none, or has no maps
 */
export function packTexels(image: Tensor4D, attrs: TexelAttrs): Tensor3D {
  const { shape, dtype } = image;
  const [numImages, , , channels] = shape;
  if (shape.length !== 4 || numImages !== 1 || dtype !== 'float32' || ![3, 4, 6].includes(channels)) {
    throw new RangeError(`packTexels: the image is ${dtype} (${shape}); expected float32 (1, H, W, 3, 4 or 6)`);
  }
  if (attrs.maps && channels !== 6) {
    throw new RangeError(`packTexels: an image of ${channels} channels has no maps; expected 6, of a material`);
  }
  return engine().runKernel(TEXELS, { image }, { ...attrs }) as Tensor3D;
}

/**
 * A picture's bytes as they are, such as those kept of an image that was edited: the way back from `readTexels`. On WebGPU alone.
 *
 * @param pixels RGBA, top row first
 * @returns      as `packTexels` does; the caller disposes it
 */
export function uploadTexels(pixels: Uint8Array, widthPx: number, heightPx: number): Tensor3D {
  const shape = texelShape([1, heightPx, widthPx]);
  const texels = new Float32Array(shape[0] * shape[1] * shape[2]);
  const bytes = new Uint8Array(texels.buffer);
  for (let row = 0; row < heightPx; row++) {
    const own = pixels.subarray(4 * row * widthPx, 4 * (row + 1) * widthPx);
    for (const place of [row, 2 * heightPx - 1 - row]) bytes.set(own, 4 * place * shape[2]);
  }
  return tensor3d(texels, shape);
}

/** Where the texels of a picture are written, and in which order. */
export interface WriteTexelsOptions {
  /** Write the picture's bottom row first. */
  flipY: boolean;
  /** The texel of the texture at which the picture begins; by default (0, 0). */
  x?: number;
  y?: number;
}

/** Members of tfjs 4.22's backend that its type declarations hide. */
interface HiddenMembers {
  commandEncoder: GPUCommandEncoder;
}

/**
 * Copies a picture into a texture. The work is submitted, after all that tfjs has begun, when this returns: the texels may be
 * disposed at once, and what is submitted later finds the texture written. Nothing is read back.
 *
 * @param texels  of `packTexels`
 * @param widthPx of the picture
 * @param texture rgba8unorm with the usage COPY_DST, of the backend's own device; only its first mip level is written
 * @throws        Error when the texels are disposed or of another backend, or the texture's format or usage does not fit;
 *                RangeError when the picture exceeds the texture
 */
export function writeTexels(
  texels: Tensor3D,
  widthPx: number,
  texture: GPUTexture,
  { flipY, x = 0, y = 0 }: WriteTexelsOptions,
): void {
  const backend = backendOf(texels);
  const [, heightPx, rowTexels] = texels.shape;
  checkTexture(texture, widthPx, heightPx, x, y);
  backend.uploadToGPU(texels.dataId);
  const buffer = backend.tensorMap.get(texels.dataId).resource as GPUBuffer;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  const bytesPerRow = Float32Array.BYTES_PER_ELEMENT * rowTexels;
  const source = { buffer, offset: flipY ? bytesPerRow * heightPx : 0, bytesPerRow };
  const { commandEncoder } = backend as unknown as HiddenMembers;
  commandEncoder.copyBufferToTexture(source, { texture, origin: [x, y] }, [widthPx, heightPx]);
  backend.submitQueue();
}

/** A picture's RGBA bytes, top row first. */
export async function readTexels(texels: Tensor3D, widthPx: number): Promise<Uint8Array> {
  const [, heightPx, rowTexels] = texels.shape;
  const { buffer, byteOffset } = (await texels.data()) as Float32Array;
  const pixels = new Uint8Array(4 * widthPx * heightPx);
  for (let row = 0; row < heightPx; row++) {
    const bytes = new Uint8Array(buffer, byteOffset + 4 * row * rowTexels, 4 * widthPx);
    pixels.set(bytes, 4 * row * widthPx);
  }
  return pixels;
}

/** The WebGPU backend, provided that the texels are on it. */
function backendOf(texels: Tensor3D): WebGPUBackend {
  if (texels.isDisposed) throw new Error('writeTexels: the texels are disposed; dispose them after writing');
  const { registry, state } = engine();
  const owner = state.tensorInfo.get(texels.dataId)?.backend;
  if (owner !== undefined && owner === registry.webgpu) return owner as WebGPUBackend;
  const place = Object.keys(registry).find((name) => registry[name] === owner);
  const where = place === undefined ? 'a backend that is gone' : `backend "${place}"`;
  throw new Error(
    `writeTexels: the texels are on ${where}; expected "webgpu": compute them after useWebgpuDevice, or use toPixels`,
  );
}

function checkTexture(texture: GPUTexture, widthPx: number, heightPx: number, x: number, y: number): void {
  const { format, usage, width, height } = texture;
  if (format !== 'rgba8unorm') throw new Error(`writeTexels: the texture's format is ${format}; expected rgba8unorm`);
  if ((usage & GPUTextureUsage.COPY_DST) === 0) {
    throw new Error('writeTexels: the texture lacks the usage COPY_DST; create it with that');
  }
  const isPlace = [x, y].every((offset) => Number.isInteger(offset) && offset >= 0);
  if (isPlace && x + widthPx <= width && y + heightPx <= height) return;
  throw new RangeError(
    `writeTexels: a picture of ${widthPx}x${heightPx} pixels at (${x}, ${y}) does not fit the texture of ${width}x${height}`,
  );
}
