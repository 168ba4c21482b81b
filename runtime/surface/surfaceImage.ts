import type { NumChannels } from '../core/pixels.ts';

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
 * The channels of a picture's bytes.
 *
 * @throws RangeError when the bytes are no picture of this size
 */
export function channelsOf(operation: string, numBytes: number, widthPx: number, heightPx: number): NumChannels {
  const channels = numBytes / (widthPx * heightPx);
  if (channels === 3 || channels === 4) return channels;
  throw new RangeError(
    `${operation}: ${numBytes} bytes for ${widthPx}×${heightPx} pixels; expected 3 bytes (RGB) or 4 (RGBA) for each`,
  );
}

/** @throws RangeError when there is not one value for each texel */
export function checkPlane(operation: string, plane: Float32Array, widthPx: number, heightPx: number): void {
  const fits = Number.isInteger(widthPx) && Number.isInteger(heightPx) && plane.length === widthPx * heightPx;
  if (fits && widthPx > 0 && heightPx > 0) return;
  throw new RangeError(`${operation}: ${plane.length} values for ${widthPx}×${heightPx} texels; expected one for each`);
}

/** @throws RangeError when a number is none or out of range */
export function checkRange(operation: string, name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new RangeError(`${operation}: ${name} is ${value}; expected ${min} to ${max}`);
}

/** 0 … 1 as a byte; what lies outside is clamped. */
export function toByte(value: number): number {
  return Math.floor(Math.min(Math.max(value, 0), 1) * 255 + 0.5);
}

/** A grey picture of a plane of values 0 … 1. */
export function greyMap(plane: Float32Array, width: number, height: number): SurfaceMap {
  return { width, height, channels: 1, pixels: Uint8Array.from(plane, toByte) };
}
