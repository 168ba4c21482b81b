// Textures whose texels come from a compute pass (WebGPU) or from bytes (any engine). Row 0 is the picture's bottom row,
// as Babylon's meshes have v = 0 at the bottom.

import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { Constants } from '@babylonjs/core/Engines/constants.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import type { Scene } from '@babylonjs/core/scene.js';

/** Babylon's numbers; its class of constants, as code, would cost a page 12 KB. */
export const FORMAT_RGBA = 5 satisfies typeof Constants.TEXTUREFORMAT_RGBA;
export const TYPE_BYTE = 0 satisfies typeof Constants.TEXTURETYPE_UNSIGNED_BYTE;
export const FLAG_STORAGE = 1 satisfies typeof Constants.TEXTURE_CREATIONFLAG_STORAGE;
/** Magnified, minified, between mipmaps. */
export const NEAREST = 1 satisfies typeof Constants.TEXTURE_NEAREST_NEAREST;
const NEAREST_LINEAR_LINEAR = 6 satisfies typeof Constants.TEXTURE_NEAREST_LINEAR_MIPLINEAR;
const LINEAR = 2 satisfies typeof Constants.TEXTURE_LINEAR_LINEAR;
export const LINEAR_LINEAR_LINEAR = 3 satisfies typeof Constants.TEXTURE_LINEAR_LINEAR_MIPLINEAR;

export interface TexelTextureOptions {
  mipmaps: boolean;
  /** Hard pixels when magnified. Minified ones are averaged where there are mipmaps. */
  nearest: boolean;
  /** Make it one that `writeTexels` can write; only WebGPU has such, elsewhere it is without effect. */
  storage: boolean;
}

const TEXEL_TEXTURE_DEFAULTS: Readonly<TexelTextureOptions> = { mipmaps: false, nearest: false, storage: true };

/** An empty RGBA texture of bytes; fill it with `update(bytes)`, or on WebGPU with `writeTexels` and `updateMipmaps`. */
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
    false, // invertY: on WebGPU Babylon would turn the picture in a render pass of its own
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
 * What a Babylon texture is on the GPU.
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

/** Makes the smaller levels from the largest, which a compute pass has written; nothing for a texture without mipmaps. */
export function updateMipmaps(texture: BaseTexture): void {
  const internal = texture.getInternalTexture();
  if (internal?.generateMipMaps) internal.getEngine().generateMipmaps(internal);
}

/**
 * A texture that pictures are drawn into: one that fills it, or the cells of a sheet. Pictures made of pixels go through
 * a copy on the CPU; pictures on the GPU are written straight into the texture.
 */
export class PictureTarget {
  private copy: Uint8Array | null = null;

  /** What was drawn as pixels, as the texture has it; null while all came from the GPU. */
  get pixels(): Uint8Array | null {
    return this.copy;
  }

  /** @param flipY draws every picture upside down: Babylon's meshes have v = 0 at the bottom, its sprites at the top */
  constructor(
    readonly texture: RawTexture,
    readonly widthPx: number,
    readonly heightPx: number,
    readonly flipY: boolean,
  ) {}

  /** Draws RGBA bytes, top row first, with their top left corner at (x, y). */
  drawPixels(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): void {
    this.copy ??= new Uint8Array(4 * this.widthPx * this.heightPx);
    const rowBytes = 4 * widthPx;
    for (let row = 0; row < heightPx; row++) {
      const to = y + (this.flipY ? heightPx - 1 - row : row);
      this.copy.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), 4 * (to * this.widthPx + x));
    }
    this.texture.update(this.copy);
  }
}
