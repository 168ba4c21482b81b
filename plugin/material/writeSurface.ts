// Loaded when the first material of this kind is made.
import { type SurfaceOptions, surfaceMapsInSlices } from '../../runtime/index.ts';
import { FrameBudget } from '../painting/frameBudget.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import type { SurfaceTexture } from './surfaceTexture.ts';

/** Milliseconds of a frame that maps may take of this thread. */
const BUDGET_MS = 4;

/** The textures of one surface. */
export interface SurfaceTextures {
  albedo: GeneratedTexture;
  /** Normal in RGB, height in alpha. */
  normal: SurfaceTexture;
  /** Ambient occlusion, roughness, metallic. */
  orm: SurfaceTexture;
}

/**
 * Fills the maps of an albedo texture that has its picture, a few milliseconds a frame.
 *
 * @throws RangeError for an option out of range; the signal's reason when aborted
 */
export async function writeSurface(
  { albedo, normal, orm }: SurfaceTextures,
  options: SurfaceOptions,
  signal: AbortSignal,
): Promise<void> {
  const { widthPx, heightPx } = albedo.look;
  const texels = albedo.texels!;
  // The texels have the bottom row first, and so do the maps: up in the picture is down in them.
  const slices = surfaceMapsInSlices(texels.slice(), widthPx, heightPx, { ...options, green: 'directx' });
  const budget = new FrameBudget(BUDGET_MS);
  for (;;) {
    await budget.turnAsync();
    signal.throwIfAborted();
    const { done, value } = slices.next();
    if (!done) continue;
    normal.update(interleaved(value.normal.pixels, value.height.pixels));
    orm.update(interleaved(value.orm.pixels, null));
    normal.isFilled = orm.isFilled = true;
    return;
  }
}

/** RGBA from RGB and alpha, 255 where there is none. */
function interleaved(rgb: Uint8Array, alpha: Uint8Array | null): Uint8Array {
  const rgba = new Uint8Array((rgb.length / 3) * 4).fill(255);
  for (let i = 0; i < rgba.length / 4; i++) {
    rgba[4 * i] = rgb[3 * i]!;
    rgba[4 * i + 1] = rgb[3 * i + 1]!;
    rgba[4 * i + 2] = rgb[3 * i + 2]!;
    if (alpha) rgba[4 * i + 3] = alpha[i]!;
  }
  return rgba;
}
