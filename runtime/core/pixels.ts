/**
 * Image bytes ↔ training values.
 *
 * `pixels` are Uint8, sRGB, straight alpha, top row first. Values are float32 HWC in [-1, 1] with the colour multiplied by
 * alpha, so that a transparent pixel is −1 in every channel whatever colour hides behind it.
 */
import { definedOf } from './definedOf.ts';

/** 3 = RGB, 4 = RGBA. */
export type NumChannels = 3 | 4;

/** Values of a pixel that a network sees: those of a picture, or 6 of a material: RGB, height, roughness, metallic. */
export type NumValues = NumChannels | 6;

export interface ToPixelsOptions {
  /** The colour values are multiplied by alpha; false for values with straight alpha. Without effect for RGB. */
  premultiplied?: boolean;
}

export const TO_PIXELS_DEFAULTS: Required<ToPixelsOptions> = { premultiplied: true };

/** Alpha below this byte value becomes 0: a network's nearly transparent pixels are noise, and so is their colour. */
export const MIN_ALPHA = 8;

/** From this alpha on, a pixel of a cut-out shows what it is of. */
export const HALF_OPAQUE = 128;

/** One picture as bytes; the shape a PNG decodes to and is encoded from. */
export interface PixelImage {
  width: number;
  height: number;
  channels: NumChannels;
  pixels: Uint8Array | Uint8ClampedArray;
}

/**
 * Turns image bytes into training values with premultiplied alpha.
 *
 *   colour = 2 · c·a / 255² − 1      alpha = 2 · a / 255 − 1      (a = 255 for RGB)
 *
 * @param pixels   bytes of any number of pixels, straight alpha
 * @param channels 3, 4 or 6: of `pixels` and of the result
 * @param out      written and returned when given; as long as `pixels`
 * @returns        float32 in [-1, 1], as long as `pixels`
 * @throws         RangeError when a length does not fit
 */
export function toPremultiplied(
  pixels: Uint8Array | Uint8ClampedArray,
  channels: NumValues,
  out: Float32Array = new Float32Array(pixels.length),
): Float32Array {
  checkWholePixels('toPremultiplied', pixels.length, channels);
  if (out.length !== pixels.length) {
    throw new RangeError(`toPremultiplied: out has ${out.length} values; expected ${pixels.length}, one for each byte`);
  }
  if (channels === 4) premultiplyBytes(pixels, out);
  else scaleBytes(pixels, out);
  return out;
}

/**
 * Turns training values into RGBA bytes with straight alpha. Values outside [-1, 1] are clamped, NaN becomes 0, and a pixel
 * whose alpha is below `MIN_ALPHA` becomes transparent black. RGB gets alpha 255, and the maps of a material are left out.
 *
 * @param values   float32, one value for each channel of each pixel
 * @param channels 3, 4 or 6: of `values`; the result always has 4
 * @returns        4 bytes a pixel
 * @throws         RangeError when `values` is not a whole number of pixels
 */
export function toPixels(
  values: Float32Array,
  channels: NumValues,
  options: ToPixelsOptions = {},
): Uint8Array<ArrayBuffer> {
  checkWholePixels('toPixels', values.length, channels);
  const { premultiplied } = { ...TO_PIXELS_DEFAULTS, ...definedOf(options) };
  const pixels = new Uint8Array((values.length / channels) * 4);
  const clamped = new Uint8ClampedArray(pixels.buffer); // rounds and clamps as it stores
  if (channels === 4) writeStraight(values, clamped, premultiplied);
  else writeOpaque(values, clamped, channels, 0);
  return pixels;
}

/**
 * The maps of a material's values as RGBA bytes: height, roughness, metallic, and 255. Values are treated as by `toPixels`.
 *
 * @param values float32, six for each pixel
 * @throws       RangeError when `values` is not a whole number of pixels
 */
export function toMapPixels(values: Float32Array): Uint8Array<ArrayBuffer> {
  checkWholePixels('toMapPixels', values.length, 6);
  const pixels = new Uint8Array((values.length / 6) * 4);
  writeOpaque(values, new Uint8ClampedArray(pixels.buffer), 6, 3);
  return pixels;
}

/**
 * Three neighbouring channels of each pixel: of a material's six bytes the picture, or the maps.
 *
 * @param first the first of them, counted from 0
 */
export function takeChannels(pixels: Uint8Array, channels: number, first: number): Uint8Array<ArrayBuffer> {
  const taken = new Uint8Array((pixels.length / channels) * 3);
  for (let to = 0, from = first; to < taken.length; to += 3, from += channels) {
    for (let c = 0; c < 3; c++) taken[to + c] = pixels[from + c]!;
  }
  return taken;
}

/** The bytes of a material: three of each pixel of the picture, and behind them three of its maps. */
export function joinMaps(picture: Uint8Array, maps: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(picture.length + maps.length);
  for (let from = 0, to = 0; from < picture.length; from += 3, to += 6) {
    for (let c = 0; c < 3; c++) {
      joined[to + c] = picture[from + c]!;
      joined[to + 3 + c] = maps[from + c]!;
    }
  }
  return joined;
}

/**
 * Turns RGBA bytes into training values: the way back from `toPixels`.
 *
 * @param pixels   4 bytes a pixel, straight alpha
 * @param channels 3 or 4: of the result; 3 leaves alpha out
 * @returns        float32 in [-1, 1], one value for each channel of each pixel
 * @throws         RangeError when `pixels` is not a whole number of pixels
 */
export function fromPixels(
  pixels: Uint8Array | Uint8ClampedArray,
  channels: NumChannels,
  options: ToPixelsOptions = {},
): Float32Array {
  checkWholePixels('fromPixels', pixels.length, 4);
  const { premultiplied } = { ...TO_PIXELS_DEFAULTS, ...definedOf(options) };
  if (channels === 4 && premultiplied) return toPremultiplied(pixels, 4);
  const bytes = channels === 4 ? pixels : pixels.filter((_, i) => i % 4 < 3);
  const values = new Float32Array(bytes.length);
  scaleBytes(bytes, values);
  return values;
}

function scaleBytes(pixels: Uint8Array | Uint8ClampedArray, out: Float32Array): void {
  for (let i = 0; i < pixels.length; i++) out[i] = (pixels[i]! * 2) / 255 - 1;
}

function premultiplyBytes(pixels: Uint8Array | Uint8ClampedArray, out: Float32Array): void {
  for (let i = 0; i < pixels.length; i += 4) {
    const alpha = pixels[i + 3]!;
    const factor = (2 * alpha) / 65025;
    out[i] = pixels[i]! * factor - 1;
    out[i + 1] = pixels[i + 1]! * factor - 1;
    out[i + 2] = pixels[i + 2]! * factor - 1;
    out[i + 3] = (2 * alpha) / 255 - 1;
  }
}

/** @param first of the three channels that are written */
function writeOpaque(values: Float32Array, pixels: Uint8ClampedArray, channels: number, first: number): void {
  for (let from = first, to = 0; to < pixels.length; from += channels, to += 4) {
    for (let c = 0; c < 3; c++) pixels[to + c] = (values[from + c]! + 1) * 127.5;
    pixels[to + 3] = 255;
  }
}

function writeStraight(values: Float32Array, pixels: Uint8ClampedArray, premultiplied: boolean): void {
  for (let i = 0; i < values.length; i += 4) {
    const alpha = Math.min((values[i + 3]! + 1) * 127.5, 255);
    pixels[i + 3] = alpha;
    if (!(pixels[i + 3]! >= MIN_ALPHA)) {
      pixels[i + 3] = 0;
      continue;
    }
    const factor = premultiplied ? (127.5 * 255) / alpha : 127.5;
    for (let c = 0; c < 3; c++) pixels[i + c] = (values[i + c]! + 1) * factor;
  }
}

function checkWholePixels(operation: string, length: number, channels: number): void {
  if (channels !== 3 && channels !== 4 && channels !== 6) {
    throw new RangeError(`${operation}: channels is ${channels}; expected 3 or 4, or 6 of a material`);
  }
  if (length % channels !== 0) {
    throw new RangeError(`${operation}: length ${length} is not a whole number of pixels with ${channels} channels`);
  }
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

/**
 * Converts an image to the wanted number of channels; alpha is dropped, or added as 255.
 *
 * @returns the image's own bytes when nothing changes
 */
export function withChannels(image: PixelImage, channels: NumChannels): Uint8Array | Uint8ClampedArray {
  if (image.channels === channels) return image.pixels;
  const numPixels = image.width * image.height;
  const out = new Uint8Array(numPixels * channels).fill(255);
  for (let pixel = 0; pixel < numPixels; pixel++) {
    for (let c = 0; c < 3; c++) out[pixel * channels + c] = image.pixels[pixel * image.channels + c]!;
  }
  return out;
}

/** Whether any pixel of the image is less than opaque. */
export function isTransparent(image: PixelImage): boolean {
  if (image.channels === 3) return false;
  for (let i = 3; i < image.pixels.length; i += 4) if (image.pixels[i] !== 255) return true;
  return false;
}
