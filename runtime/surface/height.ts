import { definedOf } from '../core/definedOf.ts';
import { channelsOf } from '../core/pixels.ts';
import { runToEnd } from '../core/slices.ts';
import { SURFACE_BOUNDS } from '../core/surfaceBounds.ts';
import { checkRange, type Plane, wrappedBlurInSlices } from './plane.ts';

/** The shares of red, green and blue in luma. */
export const LUMA_WEIGHTS = [0.2126, 0.7152, 0.0722] as const;

/**
 * How bright each pixel looks: the luma of its sRGB bytes, times alpha, so that what is transparent counts as dark.
 *
 *   luma = (0.2126 r + 0.7152 g + 0.0722 b) · a      r, g, b, a from 0 to 1
 *
 * Source: Rec. ITU-R BT.709-6, section 3.2, on the coded values: they are closer to how the eye sees depth than light is.
 * @param pixels RGB or RGBA bytes, sRGB, straight alpha
 * @returns      0 … 1, one for each pixel
 * @throws       RangeError when the bytes do not fit the size
 */
export function luma(pixels: Uint8Array | Uint8ClampedArray, widthPx: number, heightPx: number): Plane {
  const channels = channelsOf('luma', pixels.length, widthPx, heightPx);
  const [red, green, blue] = LUMA_WEIGHTS;
  const plane = new Float32Array(widthPx * heightPx);
  for (let i = 0, at = 0; i < plane.length; i++, at += channels) {
    const alpha = channels === 4 ? pixels[at + 3]! / 255 : 1;
    plane[i] = ((red * pixels[at]! + green * pixels[at + 1]! + blue * pixels[at + 2]!) / 255) * alpha;
  }
  return plane;
}

/**
 * What lies low: what is dark, or what is rare. Mortar may be brighter or darker than its bricks, but there is always less of
 * it, so for walls and floors the rarer of bright and dark is taken for the gaps.
 */
export type LowParts = 'dark' | 'rare';

export interface HeightOptions {
  lowParts: LowParts;
  /** Width, as a Gaussian's standard deviation, above which differences are colour, not relief: about half a brick. */
  reliefPx: number;
  /** The width below which differences are grain. */
  grainPx: number;
  /** The share of the grain in the height, 0 … 2. */
  grain: number;
  /** How much what rises above the mean is flattened, 0 … 4: bricks have flat faces and deep gaps. */
  plateau: number;
}

export const HEIGHT_DEFAULTS: Readonly<HeightOptions> = {
  lowParts: 'dark',
  reliefPx: 6,
  grainPx: 0.7,
  grain: 0.5,
  plateau: 0.5,
};

/** Below this contrast (standard deviation of luma) a picture is flat, and its height is as faint as it is. */
export const MIN_CONTRAST = 0.04;
/** The height covers so many standard deviations of the relief on either side of the middle. */
export const HEIGHT_RANGE = 2.5;
/** Bright parts count as gaps when the relief is skewed by more than this. */
export const BRIGHT_GAPS_SKEWNESS = 0.15;

/** Two numbers that describe a picture's relief; the GPU computes the same ones. */
export interface ReliefStatistics {
  /** Standard deviation, and the third central moment over its cube. */
  std: number;
  skewness: number;
}

/**
 * How high each texel lies, guessed from the picture: 0 is lowest, 1 highest, 0.5 the middle.
 *
 *   relief = blur(luma, grainPx) − blur(luma, reliefPx)      grain = luma − blur(luma, grainPx)
 *   x      = ± (relief + share · grain) / max(std(relief), 0.04)
 *   height = 0.5 + x / (1 + plateau · max(x, 0)) / 5
 *
 * The sign is − where the rare parts lie low and the rare parts are bright (positive skewness).
 *
 * Source: dark-is-deep shading, Langer & Zucker 1994, "Shape-from-shading on a cloudy day", JOSA A 11(2), on a
 * difference of Gaussians (Marr & Hildreth 1980), which takes away what is colour; the choice of the sign is ours.
 * @param pixels RGB or RGBA bytes, sRGB
 * @returns      0 … 1, one for each texel; it wraps as the picture does
 * @throws       RangeError when the bytes do not fit the size, or an option is out of range
 */
export function heightMap(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: Partial<HeightOptions> = {},
): Plane {
  const settings = { ...HEIGHT_DEFAULTS, ...definedOf(options) };
  checkHeightOptions(settings);
  return runToEnd(heightInSlices(pixels, widthPx, heightPx, settings));
}

/** `heightMap` for a thread that has other work, by options that were checked before. */
export function* heightInSlices(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  settings: HeightOptions,
): Generator<void, Plane> {
  const brightness = luma(pixels, widthPx, heightPx);
  const smooth = yield* wrappedBlurInSlices(brightness, widthPx, heightPx, settings.grainPx);
  const wide = yield* wrappedBlurInSlices(brightness, widthPx, heightPx, settings.reliefPx);
  const statistics = reliefStatistics(smooth.map((value, i) => value - wide[i]!));
  const sign = reliefSign(statistics, settings.lowParts);
  const scale = sign / Math.max(statistics.std, MIN_CONTRAST);
  return brightness.map((value, i) => {
    const x = scale * (smooth[i]! - wide[i]! + settings.grain * (value - smooth[i]!));
    const height = 0.5 + x / (1 + settings.plateau * Math.max(x, 0)) / (2 * HEIGHT_RANGE);
    return Math.min(Math.max(height, 0), 1);
  });
}

export function reliefStatistics(relief: Float32Array): ReliefStatistics {
  const mean = relief.reduce((sum, value) => sum + value, 0) / relief.length;
  let second = 0;
  let third = 0;
  for (const value of relief) {
    second += (value - mean) ** 2;
    third += (value - mean) ** 3;
  }
  const std = Math.sqrt(second / relief.length);
  return { std, skewness: std < 1e-6 ? 0 : third / relief.length / std ** 3 };
}

/** 1 when bright is high, −1 when bright is low. */
function reliefSign({ skewness }: ReliefStatistics, lowParts: LowParts): number {
  return lowParts === 'rare' && skewness > BRIGHT_GAPS_SKEWNESS ? -1 : 1;
}

/** @throws RangeError naming the option that is out of range */
export function checkHeightOptions({ lowParts, reliefPx, grainPx, grain, plateau }: HeightOptions): void {
  if (lowParts !== 'dark' && lowParts !== 'rare') {
    throw new RangeError(`heightMap: lowParts is "${lowParts}"; expected dark or rare`);
  }
  checkRange('heightMap', 'reliefPx', reliefPx, ...SURFACE_BOUNDS.reliefPx);
  checkRange('heightMap', 'grainPx', grainPx, SURFACE_BOUNDS.grainPx[0], reliefPx);
  checkRange('heightMap', 'grain', grain, ...SURFACE_BOUNDS.grain);
  checkRange('heightMap', 'plateau', plateau, ...SURFACE_BOUNDS.plateau);
}
