import { definedOf } from '../core/definedOf.ts';
import { channelsOf } from '../core/pixels.ts';
import { SURFACE_BOUNDS } from '../core/surfaceBounds.ts';
import { checkPlane, checkRange, type Plane } from './plane.ts';

export interface RoughnessOptions {
  /** The roughness of even parts: 0 is a mirror, 1 is chalk. */
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
  const { roughness, wear } = { ...ROUGHNESS_DEFAULTS, ...definedOf(options) };
  checkPlane('roughnessMap', height, widthPx, heightPx);
  checkRoughnessOptions({ roughness, wear });
  return Float32Array.from(height, (value) => Math.min(Math.max(roughness + wear * (0.5 - value), MIN_ROUGHNESS), 1));
}

/** @throws RangeError naming the option that is out of range */
export function checkRoughnessOptions({ roughness, wear }: RoughnessOptions): void {
  checkRange('roughnessMap', 'roughness', roughness, ...SURFACE_BOUNDS.roughness);
  checkRange('roughnessMap', 'wear', wear, ...SURFACE_BOUNDS.wear);
}

export interface MetallicOptions {
  /** The share of bare metal: 0 is none of the surface, 1 is all of it. */
  metallic: number;
  /** How far coloured parts are taken for rust or paint, 0 … 1; 0 for gold and copper. */
  rust: number;
}

export const METALLIC_DEFAULTS: Readonly<MetallicOptions> = { metallic: 0, rust: 0 };

/** Saturation (chroma over the brightest channel) from which colour begins to be rust, and where it surely is. */
export const RUST_BEGINS = 0.25;
export const RUST_IS_SURE = 0.55;

/**
 * Where bare metal shows.
 *
 *   metallic · (1 − rust · smoothstep(0.25, 0.55, saturation))
 *
 * Source: ours; metals other than gold and copper are grey (Hoffman 2010, "Background: physics and math of shading").
 * @param pixels RGB or RGBA bytes, sRGB
 * @returns      0 … 1, one for each texel
 * @throws       RangeError when the bytes do not fit the size, or an option is out of range
 */
export function metallicMap(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: Partial<MetallicOptions> = {},
): Plane {
  const { metallic, rust } = { ...METALLIC_DEFAULTS, ...definedOf(options) };
  const channels = channelsOf('metallicMap', pixels.length, widthPx, heightPx);
  checkMetallicOptions({ metallic, rust });
  const plane = new Float32Array(widthPx * heightPx);
  for (let i = 0, at = 0; i < plane.length; i++, at += channels) {
    const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
    const brightest = Math.max(red, green, blue);
    const saturation = (brightest - Math.min(red, green, blue)) / Math.max(brightest, 1);
    const t = Math.min(Math.max((saturation - RUST_BEGINS) / (RUST_IS_SURE - RUST_BEGINS), 0), 1);
    plane[i] = metallic * (1 - rust * t * t * (3 - 2 * t));
  }
  return plane;
}

/** @throws RangeError naming the option that is out of range */
export function checkMetallicOptions({ metallic, rust }: MetallicOptions): void {
  checkRange('metallicMap', 'metallic', metallic, ...SURFACE_BOUNDS.metallic);
  checkRange('metallicMap', 'rust', rust, ...SURFACE_BOUNDS.rust);
}
