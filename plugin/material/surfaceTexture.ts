import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import type { Matrix } from '@babylonjs/core/Maths/math.vector.js';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import { FLAG_STORAGE, FORMAT_RGBA, TYPE_BYTE } from '../texture/texelTexture.ts';

/**
 * A map made from an albedo texture: of its size, sampled and placed as it is, but linear. It is ready, as Babylon
 * understands the word, once it is filled.
 */
export class SurfaceTexture extends RawTexture {
  /** Set by whoever fills it. */
  isFilled = false;

  constructor(
    name: string,
    private readonly albedo: GeneratedTexture,
  ) {
    const { widthPx, heightPx, mipmaps, samplingMode } = albedo.look;
    const scene = albedo.getScene()!;
    super(null, widthPx, heightPx, FORMAT_RGBA, scene, mipmaps, false, samplingMode, TYPE_BYTE, FLAG_STORAGE);
    this.name = name;
    this.gammaSpace = false;
    this.wrapU = albedo.wrapU;
    this.wrapV = albedo.wrapV;
    this.anisotropicFilteringLevel = albedo.anisotropicFilteringLevel;
  }

  override isReady(): boolean {
    return this.isFilled && this.getInternalTexture() !== null;
  }

  /** Scale, offset and rotation are those of the albedo. */
  override getTextureMatrix(): Matrix {
    return this.albedo.getTextureMatrix();
  }

  override getClassName(): string {
    return 'SurfaceTexture';
  }

  /** It is made anew with its albedo. */
  override serialize(): null {
    return null;
  }
}
