import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import type { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import type { Matrix } from '@babylonjs/core/Maths/math.vector.js';
import type { SurfaceOptions } from '../../runtime/index.ts';
import { notify } from '../tell.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import { FLAG_STORAGE, FORMAT_RGBA, TYPE_BYTE } from '../texture/texelTexture.ts';
import { copySettings, placeLike } from '../texture/textureSettings.ts';
import type { TiledSurface } from './hashTiling.ts';

/** A normal that points straight out, at half of the height. */
const FLAT = [128, 128, 255, 128];
/** Not occluded, rough, no metal, and neither an edge nor a hollow. */
const ROUGH = [255, 255, 0, 128];

/** A picture and the maps made from it, which are disposed together. */
export class SurfaceTextures implements TiledSurface {
  /** Normal in RGB, height in alpha. */
  readonly normal: SurfaceTexture;
  /** Ambient occlusion, roughness, metallic, and cavity in alpha. */
  readonly orm: SurfaceTexture;

  /** @param albedo belongs to the surface from here on */
  constructor(
    name: string,
    readonly albedo: GeneratedTexture,
  ) {
    this.normal = new SurfaceTexture(`${name} normal`, albedo, FLAT);
    this.orm = new SurfaceTexture(`${name} occlusion, roughness, metallic`, albedo, ROUGH);
  }

  /**
   * Makes the maps of the picture as it is now.
   *
   * @throws RangeError for an option out of range; the signal's reason when aborted; Error where a map is disposed
   */
  async writeAsync(options: SurfaceOptions, signal: AbortSignal): Promise<void> {
    const { writeSurface } = await import('./writeSurface.ts');
    signal.throwIfAborted();
    this.assertMaps();
    await writeSurface(this, { ...options, label: this.albedo.recipe!.label }, signal);
    for (const map of [this.normal, this.orm]) map.end(null);
  }

  /** @throws Error naming a map that somebody has disposed by itself */
  private assertMaps(): void {
    const gone = [this.normal, this.orm].find((map) => map.getInternalTexture() === null);
    if (!gone) return;
    const remedy = 'dispose the whole material, and make another, or only take the map out of its slot';
    throw new Error(`SurfaceMaterial: the map "${gone.name}" is disposed; ${remedy}`);
  }

  /** The maps cannot be made; a scene does not wait for them any longer. */
  fail(error: Error): void {
    for (const map of [this.normal, this.orm]) map.end(error);
  }

  dispose(): void {
    for (const texture of [this.albedo, this.normal, this.orm]) texture.dispose();
  }
}

/**
 * A map made from an albedo texture, of the same size, sampled and placed in the same way, but in linear colours. It is
 * ready, in Babylon's sense of the word, once it is filled, or is plain because it cannot be made: a scene waits for its bump
 * textures whatever their loading errors.
 */
class SurfaceTexture extends RawTexture {
  private isFilled = false;
  private isPlain = false;

  /** @param plainTexel RGBA, of which the map is where it cannot be made */
  constructor(
    name: string,
    private readonly albedo: GeneratedTexture,
    private readonly plainTexel: readonly number[],
  ) {
    const { widthPx, heightPx, mipmaps, samplingMode } = albedo.look;
    const scene = albedo.getScene()!;
    super(null, widthPx, heightPx, FORMAT_RGBA, scene, mipmaps, false, samplingMode, TYPE_BYTE, FLAG_STORAGE);
    this.name = name;
    this.gammaSpace = false;
    this.getTextureMatrix();
  }

  override isReady(): boolean {
    if (this.loadingError && !this.isPlain) {
      this.isPlain = true;
      this.update(filledWith(this.plainTexel, this.albedo.look));
    }
    return (this.isFilled || this.isPlain) && this.getInternalTexture() !== null;
  }

  override get loadingError(): boolean {
    return this._loadingError || (!this.isFilled && this.albedo.loadingError);
  }

  /** It is filled, or an error keeps it from being filled. */
  end(error: Error | null): void {
    this.isFilled ||= error === null;
    this._loadingError = !this.isFilled;
    this._errorObject = error ? { message: error.message, exception: error } : undefined;
    if (!error) notify(this.onLoadObservable, this);
  }

  /**
   * The map is placed and sampled as the albedo is, also when that changes: Babylon asks for the matrix before it reads a texture.
   * Exporters read the settings behind the matrix.
   */
  override getTextureMatrix(): Matrix {
    placeLike(this, this.albedo);
    return this.albedo.getTextureMatrix();
  }

  override getClassName(): string {
    return 'SurfaceTexture';
  }

  /** The same texels, which still follow the albedo, placed as they are now: a clone of Babylon's own would not be tiled. */
  override clone(): Texture {
    this.getTextureMatrix();
    const copy = super.clone();
    copySettings(this, copy);
    return copy;
  }

  /** Nothing is saved: the map is made again from its albedo. */
  override serialize(): null {
    return null;
  }
}

function filledWith(
  texel: readonly number[],
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): Uint8Array {
  const [word] = new Uint32Array(Uint8Array.from(texel).buffer);
  return new Uint8Array(new Uint32Array(widthPx * heightPx).fill(word!).buffer);
}
