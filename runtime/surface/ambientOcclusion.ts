import { definedOf } from '../core/definedOf.ts';
import { runToEnd } from '../core/slices.ts';
import { SURFACE_BOUNDS } from '../core/surfaceBounds.ts';
import { wrapped } from '../core/wrapped.ts';
import { checkPlane, checkRange, type Plane } from './plane.ts';

export interface OcclusionOptions {
  /** How many texels high a height of 1 is; 0 … 64. */
  depthPx: number;
  /** How far away something may be that shades a texel, 1 … 64. */
  radiusPx: number;
}

export const OCCLUSION_DEFAULTS: Readonly<OcclusionOptions> = { depthPx: 4, radiusPx: 8 };

/** The horizon is looked for in 16 directions that go from texel to texel. */
const DIRECTIONS = [
  [1, 0],
  [2, 1],
  [1, 1],
  [1, 2],
  [0, 1],
  [-1, 2],
  [-1, 1],
  [-2, 1],
].flatMap(([x, y]) => [
  [x!, y!],
  [-x!, -y!],
]);
export const NUM_DIRECTIONS = DIRECTIONS.length;

/** A texel that is looked at: how many to the right and down, and how far away. */
export interface HorizonSample {
  dx: number;
  dy: number;
  distancePx: number;
}

/** All texels within the radius, for each direction from near to far. A direction whose first texel is farther away has none. */
export function horizonSamples(radiusPx: number): HorizonSample[][] {
  return DIRECTIONS.map(([x, y]) => {
    const stride = Math.hypot(x!, y!);
    const numSteps = Math.floor(radiusPx / stride);
    return Array.from({ length: numSteps }, (_, i) => ({
      dx: (i + 1) * x!,
      dy: (i + 1) * y!,
      distancePx: (i + 1) * stride,
    }));
  });
}

/**
 * How much of a clouded sky each texel of a height map that repeats sees.
 *
 *   occlusion = mean over directions of cos²(elevation of the horizon) = mean of 1 / (1 + s²)
 *
 * where s is the steepest rise towards any texel within the radius, 0 where nothing rises: the share of the light of a
 * uniform sky, weighted by the cosine to the vertical, that passes over the horizon.
 *
 * Source: Max 1988, "Horizon mapping: shadows for bump-mapped surfaces", The Visual Computer 4(2); the integral over a
 * horizon as in Bavoil & Sainz 2008, "Image-space horizon-based ambient occlusion", SIGGRAPH talks, cosine-weighted.
 * @param height 0 … 1, one for each texel
 * @returns      0 (dark) … 1 (open), one for each texel
 * @throws       RangeError when the plane does not fit the size, or an option is out of range
 */
export function ambientOcclusionMap(
  height: Float32Array,
  widthPx: number,
  heightPx: number,
  options: Partial<OcclusionOptions> = {},
): Plane {
  const settings = { ...OCCLUSION_DEFAULTS, ...definedOf(options) };
  checkOcclusionOptions(settings);
  return runToEnd(ambientOcclusionInSlices(height, widthPx, heightPx, settings));
}

/** The rows of a slice, about a millisecond of work at 512 texels a row. */
const ROWS_IN_SLICE = 4;

/** `ambientOcclusionMap` for a thread that has other work, by options that were checked before. */
export function* ambientOcclusionInSlices(
  height: Float32Array,
  widthPx: number,
  heightPx: number,
  { depthPx, radiusPx }: OcclusionOptions,
): Generator<void, Plane> {
  checkPlane('ambientOcclusionMap', height, widthPx, heightPx);
  const samples = horizonSamples(radiusPx);
  const open = new Float32Array(height.length);
  const steepest = new Float64Array(widthPx);
  for (let y = 0; y < heightPx; y++) {
    if (y % ROWS_IN_SLICE === 0) yield;
    const here = height.subarray(y * widthPx, (y + 1) * widthPx);
    const sums = open.subarray(y * widthPx, (y + 1) * widthPx);
    for (let direction = 0; direction < NUM_DIRECTIONS; direction++) {
      steepest.fill(0);
      for (const { dx, dy, distancePx } of samples[direction]!) {
        const row = wrapped(y + dy, heightPx) * widthPx;
        raiseHorizon(steepest, here, height.subarray(row, row + widthPx), wrapped(dx, widthPx), distancePx);
      }
      for (let x = 0; x < widthPx; x++) sums[x]! += 1 / (1 + (depthPx * steepest[x]!) ** 2) / NUM_DIRECTIONS;
    }
  }
  return open;
}

/** @throws RangeError naming the option that is out of range */
export function checkOcclusionOptions({ depthPx, radiusPx }: OcclusionOptions): void {
  checkRange('ambientOcclusionMap', 'depthPx', depthPx, ...SURFACE_BOUNDS.depthPx);
  checkRange('ambientOcclusionMap', 'radiusPx', radiusPx, ...SURFACE_BOUNDS.radiusPx);
}

/** Looks from each texel of a row at the one `dx` to the right in another row. */
function raiseHorizon(
  steepest: Float64Array,
  here: Float32Array,
  there: Float32Array,
  dx: number,
  distancePx: number,
): void {
  for (let x = 0, column = dx; x < here.length; x++, column++) {
    if (column === here.length) column = 0;
    const slope = (there[column]! - here[x]!) / distancePx;
    if (slope > steepest[x]!) steepest[x] = slope;
  }
}
