// Textures whose texels come from the GPU (on WebGPU) or from bytes (on any engine), and what pictures are drawn
// into. Row 0 is the picture's bottom row, because Babylon's meshes have v = 0 at the bottom.

import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { Constants } from '@babylonjs/core/Engines/constants.js';
import type { ThinEngine } from '@babylonjs/core/Engines/thinEngine.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { sharesDevice } from '../device.ts';

/** Babylon's numbers, repeated here because its class of constants would add 12 KB to a page. */
export const FORMAT_RGBA = 5 satisfies typeof Constants.TEXTUREFORMAT_RGBA;
export const TYPE_BYTE = 0 satisfies typeof Constants.TEXTURETYPE_UNSIGNED_BYTE;
export const FLAG_STORAGE = 1 satisfies typeof Constants.TEXTURE_CREATIONFLAG_STORAGE;
/** Sampling modes, named by how they magnify, minify, and blend mipmaps. */
export const NEAREST = 1 satisfies typeof Constants.TEXTURE_NEAREST_NEAREST;
export const NEAREST_LINEAR_LINEAR = 6 satisfies typeof Constants.TEXTURE_NEAREST_LINEAR_MIPLINEAR;
export const LINEAR = 2 satisfies typeof Constants.TEXTURE_LINEAR_LINEAR;
export const LINEAR_LINEAR_LINEAR = 3 satisfies typeof Constants.TEXTURE_LINEAR_LINEAR_MIPLINEAR;
const NEAREST_LINEAR = 7 satisfies typeof Constants.TEXTURE_NEAREST_LINEAR;
const LINEAR_NEAREST = 12 satisfies typeof Constants.TEXTURE_LINEAR_NEAREST;
/** The sampling modes that read no mipmaps, even of a texture that has some. */
export const WITHOUT_MIPMAPS: readonly number[] = [NEAREST, LINEAR, NEAREST_LINEAR, LINEAR_NEAREST];

export interface TexelTextureOptions {
  mipmaps: boolean;
  /** Shows hard pixels when magnified. When minified, pixels are averaged where there are mipmaps. */
  nearest: boolean;
  /** Lets compute shaders write it. This has an effect on WebGPU only. */
  storage: boolean;
}

const TEXEL_TEXTURE_DEFAULTS: Readonly<TexelTextureOptions> = { mipmaps: false, nearest: false, storage: true };

/** Makes an empty RGBA texture of bytes. Fill it with `update(bytes)`, or on WebGPU with `writeTexels` and `updateMipmaps`. */
export function createTexelTexture(
  sceneOrEngine: Scene | AbstractEngine,
  widthPx: number,
  heightPx: number,
  options: Partial<TexelTextureOptions> = {},
): RawTexture {
  const settings = { ...TEXEL_TEXTURE_DEFAULTS, ...options };
  return new RawTexture(
    null,
    widthPx,
    heightPx,
    FORMAT_RGBA,
    sceneOrEngine,
    settings.mipmaps,
    false, // invertY: on WebGPU Babylon would flip the picture in an additional render pass
    samplingMode(settings),
    TYPE_BYTE,
    settings.storage ? FLAG_STORAGE : 0,
    false, // useSRGBBuffer: rgba8unorm-srgb cannot be a storage format; materials convert in their shaders
  );
}

function samplingMode({ mipmaps, nearest }: Pick<TexelTextureOptions, 'mipmaps' | 'nearest'>): number {
  if (nearest) return mipmaps ? NEAREST_LINEAR_LINEAR : NEAREST;
  return mipmaps ? LINEAR_LINEAR_LINEAR : LINEAR;
}

/**
 * The GPU texture of a Babylon texture.
 *
 * @throws Error when it is disposed, or of an engine without WebGPU
 */
export function gpuTextureOf(texture: BaseTexture): GPUTexture {
  const internal = texture.getInternalTexture();
  if (!internal) throw new Error(`gpuTextureOf: texture "${texture.name}" is disposed; make a new one`);
  const engine = internal.getEngine();
  const gpuTexture: GPUTexture | undefined = internal._hardwareTexture?.underlyingResource;
  if (engine.isWebGPU && gpuTexture) return gpuTexture;
  throw new Error(`gpuTextureOf: the engine is ${engine.name}; expected WebGPU: use texture.update(bytes) elsewhere`);
}

/** Makes the mipmaps of a texture that a compute pass has written; without mipmaps it does nothing. */
export function updateMipmaps(texture: BaseTexture): void {
  const internal = texture.getInternalTexture();
  if (internal?.generateMipMaps) internal.getEngine().generateMipmaps(internal);
}

/**
 * A texture that pictures are drawn into: one picture that fills it, or a sheet of them. Pictures made of pixels go through
 * a copy on the CPU; pictures on the GPU are written straight into the texture, and pixels beside them, too.
 */
export class PictureTarget {
  private copy: Uint8Array | null = null;
  /** True when a picture was written on the GPU, so that the texture has what no copy has. */
  private isOnGpu = false;

  /** The texture's RGBA bytes, if all its pictures were drawn as pixels; null before the first, and with one from the GPU. */
  get pixels(): Uint8Array | null {
    return this.copy;
  }

  /** @param flipY draws every picture upside down, for meshes, which have v = 0 at the bottom; sprites have it at the top */
  constructor(
    readonly texture: RawTexture,
    readonly widthPx: number,
    readonly heightPx: number,
    readonly flipY: boolean,
  ) {}

  /** Draws RGBA bytes, top row first, with their top left corner at (x, y). */
  drawPixels(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): void {
    this.drawRows(this.flipY ? rowsReversed(pixels, widthPx) : pixels, widthPx, heightPx, x, y);
  }

  /** Whoever has written into the texture on the GPU tells it by this. */
  tellWritten(): void {
    this.copy = null;
    this.isOnGpu = true;
    updateMipmaps(this.texture);
  }

  private drawRows(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): void {
    const fills = widthPx === this.widthPx && heightPx === this.heightPx;
    if (this.isOnGpu && !fills) this.writeRows(pixels, widthPx, heightPx, x, y);
    else this.updateRows(pixels, widthPx, heightPx, x, y);
  }

  /** Draws by way of the copy. */
  private updateRows(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): void {
    this.isOnGpu = false;
    this.copy ??= new Uint8Array(4 * this.widthPx * this.heightPx);
    const rowBytes = 4 * widthPx;
    for (let row = 0; row < heightPx; row++) {
      this.copy.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), 4 * ((y + row) * this.widthPx + x));
    }
    if (!this.updatePart(pixels, widthPx, heightPx, x, y)) this.texture.update(this.copy);
  }

  /**
   * Uploads a part of the texture alone. This takes WebGL 2 or WebGPU, and a texture whose other bytes were uploaded from the copy
   * before.
   *
   * @returns whether the part was uploaded; if not, the whole has to be
   */
  private updatePart(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): boolean {
    const internal = this.texture.getInternalTexture()!;
    const engine = internal.getEngine() as unknown as Pick<ThinEngine, 'version' | 'isWebGPU' | 'updateTextureData'>;
    const hasAllElse = internal._bufferView === this.copy && pixels.length < this.copy!.length;
    if (!hasAllElse || (engine.version < 2 && !engine.isWebGPU)) return false; // of WebGPU the version is 1
    engine.updateTextureData(internal, pixels, x, y, widthPx, heightPx);
    return true;
  }

  /** The RGBA bytes of a part of the texture, its first row first; null where the bytes are on the GPU alone, or nothing was drawn. */
  readPixels(x: number, y: number, widthPx: number, heightPx: number): Uint8Array | null {
    if (!this.copy) return null;
    const read = new Uint8Array(4 * widthPx * heightPx);
    for (let row = 0; row < heightPx; row++) {
      const from = 4 * ((y + row) * this.widthPx + x);
      read.set(this.copy.subarray(from, from + 4 * widthPx), 4 * row * widthPx);
    }
    return read;
  }

  /** Draws beside what is on the GPU. */
  private writeRows(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): void {
    const to = { texture: gpuTextureOf(this.texture), origin: [x, y] };
    this.device.queue.writeTexture(to, pixels, { bytesPerRow: 4 * widthPx }, [widthPx, heightPx]);
    this.tellWritten();
  }

  private get device(): GPUDevice {
    return sharesDevice(this.texture.getScene()!.getEngine())!.device;
  }

  /**
   * Puts all that was drawn here into another target, of its own size or of a sheet with its top left corner at (x, y), where
   * it is: on the GPU, or on the CPU. Both are drawn either way up alike.
   */
  copyTo(other: PictureTarget, x = 0, y = 0): void {
    if (this.copy) {
      const { widthPx, heightPx, copy } = this;
      other.drawRows(copy, widthPx, heightPx, x, y);
      return;
    }
    const commands = this.device.createCommandEncoder();
    const [from, to] = [gpuTextureOf(this.texture), gpuTextureOf(other.texture)];
    commands.copyTextureToTexture({ texture: from }, { texture: to, origin: [x, y] }, [this.widthPx, this.heightPx]);
    this.device.queue.submit([commands.finish()]);
    other.tellWritten();
  }
}

/** The rows of RGBA bytes in reverse order. */
export function rowsReversed(pixels: Uint8Array, widthPx: number): Uint8Array<ArrayBuffer> {
  const rowBytes = 4 * widthPx;
  const reversed = new Uint8Array(pixels.length);
  for (let start = 0; start < pixels.length; start += rowBytes) {
    reversed.set(pixels.subarray(start, start + rowBytes), pixels.length - rowBytes - start);
  }
  return reversed;
}
