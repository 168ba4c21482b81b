import type { SurfaceOptions } from '../../runtime/index.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import type { TiledSurface } from './hashTiling.ts';
import { SurfaceTexture } from './surfaceTexture.ts';

/** A picture and the maps made from it; disposed as one. */
export class Surface implements TiledSurface {
  /** Normal in RGB, height in alpha. */
  readonly normal: SurfaceTexture;
  /** Ambient occlusion, roughness, metallic, and cavity in alpha. */
  readonly orm: SurfaceTexture;

  /** @param albedo owned by the surface from here on */
  constructor(
    name: string,
    readonly albedo: GeneratedTexture,
  ) {
    this.normal = new SurfaceTexture(`${name} normal`, albedo);
    this.orm = new SurfaceTexture(`${name} occlusion, roughness, metallic`, albedo);
  }

  /**
   * Makes the maps of the picture as it is now.
   *
   * @throws RangeError for an option out of range; the signal's reason when aborted
   */
  async writeAsync(options: SurfaceOptions, signal: AbortSignal): Promise<void> {
    const { writeSurface } = await import('./writeSurface.ts');
    signal.throwIfAborted();
    await writeSurface(this, { ...options, label: this.albedo.recipe!.label }, signal);
  }

  dispose(): void {
    for (const texture of [this.albedo, this.normal, this.orm]) texture.dispose();
  }
}
