import { checkPlane, checkRange, type Plane } from './surfaceImage.ts';

export interface RoughnessOptions {
  /** Of the even parts: 0 is a mirror, 1 is chalk. */
  roughness: number;
  /** How much rougher cracks are than edges, which are worn: −1 … 1. */
  wear: number;
}

export const ROUGHNESS_DEFAULTS: Readonly<RoughnessOptions> = { roughness: 0.8, wear: 0.3 };

export const MIN_ROUGHNESS = 0.04;

/**
 * Perceptual roughness, as glTF and Babylon read it: the material's own, more in the depths and less on worn heights.
 *
 *   roughness + wear · (0.5 − height)
 *
 * Source: the parameter is that of Burley 2012, "Physically based shading at Disney"; its variation with height is ours.
 * @param height 0 … 1, one for each texel
 * @returns      0.04 … 1: a smoother surface would show a lamp as a point that flickers
 * @throws       RangeError when the plane does not fit the size, or an option is out of range
 */
export function roughnessMap(
  height: Float32Array,
  widthPx: number,
  heightPx: number,
  options: Partial<RoughnessOptions> = {},
): Plane {
  const { roughness, wear } = { ...ROUGHNESS_DEFAULTS, ...options };
  checkPlane('roughnessMap', height, widthPx, heightPx);
  checkRoughnessOptions({ roughness, wear });
  return Float32Array.from(height, (value) => Math.min(Math.max(roughness + wear * (0.5 - value), MIN_ROUGHNESS), 1));
}

/** @throws RangeError naming the option that is out of range */
export function checkRoughnessOptions({ roughness, wear }: RoughnessOptions): void {
  checkRange('roughnessMap', 'roughness', roughness, 0, 1);
  checkRange('roughnessMap', 'wear', wear, -1, 1);
}
