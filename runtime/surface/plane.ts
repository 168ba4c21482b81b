import { quote } from '../core/errors.ts';
import { channelsOf } from '../core/pixels.ts';
import { wrapped } from '../core/wrapped.ts';

/** One value for each texel, row by row from the top. */
export type Plane = Float32Array<ArrayBuffer>;

/** A map as bytes, ready to be a PNG file: 1 channel is grey, 3 are RGB, 4 are RGBA. Not sRGB: the values are data. */
export interface SurfaceMap {
  width: number;
  height: number;
  channels: 1 | 3 | 4;
  pixels: Uint8Array<ArrayBuffer>;
}

/**
 * A channel of a picture's bytes, 0 … 1.
 *
 * @throws RangeError when the bytes are no picture of this size
 */
export function planeOf(
  operation: string,
  pixels: Uint8Array,
  widthPx: number,
  heightPx: number,
  channel: number,
): Plane {
  const channels = channelsOf(operation, pixels.length, widthPx, heightPx);
  const plane = new Float32Array(widthPx * heightPx);
  for (let i = 0; i < plane.length; i++) plane[i] = pixels[i * channels + channel]! / 255;
  return plane;
}

/** @throws RangeError when there is not one value for each texel */
export function checkPlane(operation: string, plane: Float32Array, widthPx: number, heightPx: number): void {
  const fits = Number.isInteger(widthPx) && Number.isInteger(heightPx) && plane.length === widthPx * heightPx;
  if (fits && widthPx > 0 && heightPx > 0) return;
  throw new RangeError(`${operation}: ${plane.length} values for ${widthPx}×${heightPx} texels; expected one for each`);
}

/** @throws RangeError when a number is NaN or out of range */
export function checkRange(operation: string, name: string, value: number, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  const given = typeof value === 'number' ? value : quote(value);
  throw new RangeError(`${operation}: ${name} is ${given}; expected ${min} to ${max}`);
}

/** A value from 0 to 1 as a byte; values outside are clamped. */
export function toByte(value: number): number {
  return Math.floor(Math.min(Math.max(value, 0), 1) * 255 + 0.5);
}

/** A grey picture of a plane of values 0 … 1. */
export function greyMap(plane: Float32Array, width: number, height: number): SurfaceMap {
  const pixels = new Uint8Array(plane.length);
  for (let i = 0; i < plane.length; i++) pixels[i] = toByte(plane[i]!);
  return { width, height, channels: 1, pixels };
}

/** A Gaussian is cut off at so many times its width, where it is below 1.2 % of its peak. */
const CUTOFF = 3;

/** The widest Gaussian: that of the widest relief, 256 texels, in a picture enlarged by 4. */
const MAX_SIGMA_PX = 1024;

/** Weights of a Gaussian at −radius … radius, float32; their sum is 1. A width of 0 is the picture itself. */
export function gaussianWeights(sigmaPx: number): Float32Array<ArrayBuffer> {
  if (!(sigmaPx >= 0 && sigmaPx <= MAX_SIGMA_PX)) {
    throw new RangeError(`wrappedBlur: sigmaPx is ${sigmaPx}; expected 0 to ${MAX_SIGMA_PX} texels`);
  }
  const radius = Math.ceil(CUTOFF * sigmaPx);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    sigmaPx === 0 ? 1 : Math.exp(-((i - radius) ** 2) / (2 * sigmaPx ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}

/** The lines of a slice, about a millisecond of work at 512 texels a line. */
export const LINES_IN_SLICE = 16;

/**
 * A Gaussian blur of a picture that continues at its opposite edge, first along rows, then along columns; in slices, for a
 * thread that has other work.
 *
 * @param plane   one value for each texel
 * @param sigmaPx standard deviation in texels, 0 … 1024
 * @returns       through the generator, a new plane
 * @throws        RangeError at the first slice, when the plane or the width does not fit
 */
export function* wrappedBlurInSlices(
  plane: Float32Array,
  widthPx: number,
  heightPx: number,
  sigmaPx: number,
): Generator<void, Plane> {
  checkPlane('wrappedBlur', plane, widthPx, heightPx);
  const weights = gaussianWeights(sigmaPx);
  const alongRows = new Float32Array(plane.length);
  for (let y = 0; y < heightPx; y++) {
    if (y % LINES_IN_SLICE === 0) yield;
    convolveLine(plane, alongRows, weights, y * widthPx, 1, widthPx);
  }
  const blurred = new Float32Array(plane.length);
  for (let x = 0; x < widthPx; x++) {
    if (x % LINES_IN_SLICE === 0) yield;
    convolveLine(alongRows, blurred, weights, x, widthPx, heightPx);
  }
  return blurred;
}

/** One row or column: `length` values from `start` on, `stride` apart, continued at both ends. */
function convolveLine(
  from: Float32Array,
  to: Float32Array,
  weights: Float32Array,
  start: number,
  stride: number,
  length: number,
): void {
  const radius = (weights.length - 1) / 2;
  const line = new Float64Array(length + 2 * radius);
  for (let i = 0; i < line.length; i++) line[i] = from[start + wrapped(i - radius, length) * stride]!;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) sum += weights[k]! * line[i + k]!;
    to[start + i * stride] = sum;
  }
}
