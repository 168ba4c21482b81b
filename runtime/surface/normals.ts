import { definedOf } from '../core/definedOf.ts';
import { runToEnd } from '../core/slices.ts';
import { SURFACE_BOUNDS } from '../core/surfaceBounds.ts';
import { checkPlane, checkRange, LINES_IN_SLICE, type SurfaceMap, toByte } from './plane.ts';

/** Which way green points: `opengl` up in the picture (glTF, Blender, Unity), `directx` down (Unreal, 3ds Max). */
export type NormalGreen = 'opengl' | 'directx';

export interface NormalOptions {
  /** How many texels high a height of 1 is; 0 … 64. */
  depthPx: number;
  green: NormalGreen;
}

export const NORMAL_DEFAULTS: Readonly<NormalOptions> = { depthPx: 4, green: 'opengl' };

/** Scharr's filter along one axis, and its smoothing across: [3, 10, 3] / 16, and half of the difference. */
export const SCHARR_SIDE = 3 / 32;
export const SCHARR_MIDDLE = 10 / 32;

/**
 * A tangent-space normal map of a height map that repeats.
 *
 *   n = normalise(−depthPx · ∂h/∂x, −depthPx · ∂h/∂y, 1)      bytes (n + 1) / 2 · 255
 *
 * Derivatives are in texels, by Scharr's 3 × 3 filter across the edges: x to the right, y up.
 *
 * Source: Scharr 2000, "Optimale Operatoren in der Digitalen Bildverarbeitung", Heidelberg, the 3 × 3 integer filter.
 * @param height 0 … 1, one for each texel, top row first
 * @returns      RGB bytes; a flat surface is (128, 128, 255)
 * @throws       RangeError when the plane does not fit the size, or an option is out of range
 */
export function normalMap(
  height: Float32Array,
  widthPx: number,
  heightPx: number,
  options: Partial<NormalOptions> = {},
): SurfaceMap {
  const settings = { ...NORMAL_DEFAULTS, ...definedOf(options) };
  checkNormalOptions(settings);
  return runToEnd(normalMapInSlices(height, widthPx, heightPx, settings));
}

/** `normalMap` by options that were checked before, for a thread that has other work. */
export function* normalMapInSlices(
  height: Float32Array,
  widthPx: number,
  heightPx: number,
  { depthPx, green }: NormalOptions,
): Generator<void, SurfaceMap> {
  checkPlane('normalMap', height, widthPx, heightPx);
  const down = green === 'opengl' ? depthPx : -depthPx;
  const pixels = new Uint8Array(3 * height.length);
  for (let y = 0, at = 0; y < heightPx; y++) {
    if (y % LINES_IN_SLICE === 0) yield;
    const above = ((y + heightPx - 1) % heightPx) * widthPx;
    const here = y * widthPx;
    const below = ((y + 1) % heightPx) * widthPx;
    for (let x = 0; x < widthPx; x++, at += 3) {
      const left = (x + widthPx - 1) % widthPx;
      const right = (x + 1) % widthPx;
      const [a, b, c] = [height[above + left]!, height[above + x]!, height[above + right]!];
      const [d, e] = [height[here + left]!, height[here + right]!];
      const [f, g, h] = [height[below + left]!, height[below + x]!, height[below + right]!];
      const slopeRight = SCHARR_SIDE * (c - a + h - f) + SCHARR_MIDDLE * (e - d);
      const slopeDown = SCHARR_SIDE * (f - a + h - c) + SCHARR_MIDDLE * (g - b);
      writeNormal(pixels, at, -depthPx * slopeRight, down * slopeDown);
    }
  }
  return { width: widthPx, height: heightPx, channels: 3, pixels };
}

/** @throws RangeError naming the option that is out of range */
export function checkNormalOptions({ depthPx, green }: NormalOptions): void {
  checkRange('normalMap', 'depthPx', depthPx, ...SURFACE_BOUNDS.depthPx);
  if (green === 'opengl' || green === 'directx') return;
  throw new RangeError(`normalMap: green is "${green}"; expected opengl or directx`);
}

function writeNormal(pixels: Uint8Array, at: number, x: number, y: number): void {
  const half = 0.5 / Math.sqrt(x * x + y * y + 1);
  pixels[at] = toByte(0.5 + x * half);
  pixels[at + 1] = toByte(0.5 + y * half);
  pixels[at + 2] = toByte(0.5 + half);
}
