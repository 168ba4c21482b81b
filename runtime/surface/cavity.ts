import { definedOf } from '../core/definedOf.ts';
import { runToEnd } from '../core/slices.ts';
import { SURFACE_BOUNDS } from '../core/surfaceBounds.ts';
import { checkRange, type Plane, wrappedBlurInSlices } from './plane.ts';

export interface CavityOptions {
  /** Width of what counts as a crack or an edge, as a Gaussian's standard deviation; 0.5 … 64. */
  edgePx: number;
  /** How strongly cracks and edges show, 0 … 8. */
  strength: number;
}

export const CAVITY_DEFAULTS: Readonly<CavityOptions> = { edgePx: 1.5, strength: 2 };

/**
 * Cracks dark and edges bright, for dirt and wear: how far each texel lies below or above its surroundings.
 *
 *   cavity = 0.5 + strength · (height − blur(height, edgePx))
 *
 * Source: Luft, Colditz & Deussen 2006, "Image enhancement by unsharp masking the depth buffer", SIGGRAPH.
 * @param height 0 … 1, one for each texel of a surface that repeats
 * @returns      0 … 1; 0.5 where the surface is even
 * @throws       RangeError when the plane does not fit the size, or an option is out of range
 */
export function cavityMap(
  height: Float32Array,
  widthPx: number,
  heightPx: number,
  options: Partial<CavityOptions> = {},
): Plane {
  const settings = { ...CAVITY_DEFAULTS, ...definedOf(options) };
  checkCavityOptions(settings);
  return runToEnd(cavityInSlices(height, widthPx, heightPx, settings));
}

/** `cavityMap` for a thread that has other work, by options that were checked before. */
export function* cavityInSlices(
  height: Float32Array,
  widthPx: number,
  heightPx: number,
  { edgePx, strength }: CavityOptions,
): Generator<void, Plane> {
  const around = yield* wrappedBlurInSlices(height, widthPx, heightPx, edgePx);
  return around.map((mean, i) => Math.min(Math.max(0.5 + strength * (height[i]! - mean), 0), 1));
}

/** @throws RangeError naming the option that is out of range */
export function checkCavityOptions({ edgePx, strength }: CavityOptions): void {
  checkRange('cavityMap', 'edgePx', edgePx, ...SURFACE_BOUNDS.edgePx);
  checkRange('cavityMap', 'strength', strength, ...SURFACE_BOUNDS.strength);
}
