import { definedOf } from '../core/definedOf.ts';
import { quote } from '../core/errors.ts';
import type { NumChannels, PixelImage } from '../core/pixels.ts';
import { channelsOf } from '../core/pixels.ts';
import { PIXEL_ART_BOUNDS } from '../core/surfaceBounds.ts';
import { wrapped } from '../core/wrapped.ts';
import { checkNumColours, ownPalette } from './ownPalette.ts';
import { PALETTE_DEFAULTS, snapToPalette } from './palette.ts';
import { checkRange } from './plane.ts';

export interface PixelArtScaleOptions {
  factor: 2 | 4;
  /** Colours count as equal when no channel differs by more, 0 … 255; 0 suits pictures snapped to a palette. */
  tolerance: number;
  /** Whether the picture repeats; otherwise its edge pixels continue beyond its edges. */
  wraps: boolean;
}

export const PIXEL_ART_SCALE_DEFAULTS: Readonly<PixelArtScaleOptions> = { factor: 2, tolerance: 24, wraps: true };

/**
 * Enlarges pixel art, and rounds the stairs of its slanted edges without a new colour. Alpha is a channel like others.
 *
 * Source: Scale2x, Mazzoleni 2001, the same rule as Johnston's EPX 1992; 4× is Scale2x twice. The tolerance is ours.
 * @param pixels RGB or RGBA bytes
 * @returns      the picture, `factor` times as wide and high
 * @throws       RangeError when the bytes do not fit the size, or an option is out of range
 */
export function scalePixelArt(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: Partial<PixelArtScaleOptions> = {},
): PixelImage {
  const { factor, tolerance, wraps } = { ...PIXEL_ART_SCALE_DEFAULTS, ...definedOf(options) };
  const channels = channelsOf('scalePixelArt', pixels.length, widthPx, heightPx);
  checkScaleOptions({ factor, tolerance, wraps });
  let scaled = { words: toWords(pixels, channels), width: widthPx, height: heightPx };
  for (let reached = 1; reached < factor; reached *= 2) scaled = scale2x(scaled, tolerance, wraps);
  const { words, width, height } = scaled;
  return { width, height, channels, pixels: toBytes(words, channels) };
}

/** A picture with one number for each pixel, of a byte for each of its channels. */
interface WordImage {
  words: Uint32Array;
  width: number;
  height: number;
}

function toWords(pixels: Uint8Array | Uint8ClampedArray, channels: NumChannels): Uint32Array {
  const words = new Uint32Array(pixels.length / channels);
  for (let i = 0, at = 0; i < words.length; i++) {
    for (let c = 0; c < channels; c++) words[i]! |= pixels[at++]! << (8 * c);
  }
  return words;
}

function toBytes(words: Uint32Array, channels: NumChannels): Uint8Array {
  const pixels = new Uint8Array(channels * words.length);
  for (let i = 0, at = 0; i < words.length; i++) {
    for (let c = 0; c < channels; c++) pixels[at++] = words[i]! >>> (8 * c);
  }
  return pixels;
}

/** @throws RangeError naming the option that is out of range */
export function checkScaleOptions({ factor, tolerance }: PixelArtScaleOptions): void {
  if (factor !== 2 && factor !== 4) throw new RangeError(`scalePixelArt: factor is ${quote(factor)}; expected 2 or 4`);
  checkRange('scalePixelArt', 'tolerance', tolerance, ...PIXEL_ART_BOUNDS.tolerance);
}

/**
 * Each pixel E becomes four. With its neighbours B above, D left, F right and H below, a corner takes the colour of the two
 * neighbours beside it where those are equal and the opposite ones differ from them.
 */
function scale2x({ words, width, height }: WordImage, tolerance: number, wraps: boolean): WordImage {
  const larger = new Uint32Array(4 * words.length);
  const step = wraps ? wrapped : clamped;
  for (let y = 0; y < height; y++) {
    const [above, below] = [step(y - 1, height) * width, step(y + 1, height) * width];
    for (let x = 0; x < width; x++) {
      const [b, h] = [words[above + x]!, words[below + x]!];
      const [d, f] = [words[y * width + step(x - 1, width)]!, words[y * width + step(x + 1, width)]!];
      const e = words[y * width + x]!;
      const isEdge = !areAlike(b, h, tolerance) && !areAlike(d, f, tolerance);
      const to = 4 * y * width + 2 * x;
      larger[to] = isEdge && areAlike(d, b, tolerance) ? d : e;
      larger[to + 1] = isEdge && areAlike(b, f, tolerance) ? f : e;
      larger[to + 2 * width] = isEdge && areAlike(d, h, tolerance) ? d : e;
      larger[to + 2 * width + 1] = isEdge && areAlike(h, f, tolerance) ? f : e;
    }
  }
  return { words: larger, width: 2 * width, height: 2 * height };
}

function areAlike(one: number, other: number, tolerance: number): boolean {
  if (one === other) return true;
  for (let shift = 0; shift < 32; shift += 8) {
    if (Math.abs(((one >>> shift) & 255) - ((other >>> shift) & 255)) > tolerance) return false;
  }
  return true;
}

function clamped(coordinate: number, length: number): number {
  return Math.min(Math.max(coordinate, 0), length - 1);
}

/** Options that make a generated picture fit a pixel-art game. */
export interface PixelArtOptions {
  /** The colours that the picture may have, `#rrggbb`; when empty it keeps its own. */
  palette: readonly string[];
  /** Instead of a palette: the picture gets one of its own of so many colours, 2 to 256; see `ownPalette`. */
  colours?: number;
  /** The reach of dithering, as in `PaletteOptions`. */
  dither: number;
  /** The enlargement, as in `PixelArtScaleOptions`. */
  factor: 1 | 2 | 4;
  tolerance: number;
  wraps: boolean;
}

export const PIXEL_ART_DEFAULTS: Readonly<PixelArtOptions> = {
  ...PALETTE_DEFAULTS,
  ...PIXEL_ART_SCALE_DEFAULTS,
  palette: [],
  factor: 1,
};

/** @throws RangeError for dithering out of range, a number of colours that no palette has, and for a palette beside it */
export function checkColours({
  palette,
  colours,
  dither,
}: Pick<PixelArtOptions, 'palette' | 'colours' | 'dither'>): void {
  checkRange('pixelArt', 'dither', dither, ...PIXEL_ART_BOUNDS.dither);
  if (colours === undefined) return;
  checkNumColours(colours);
  if (palette?.length === 0) return;
  throw new RangeError(
    'pixelArt: both palette and colours are given; expected one of them; leave out colours to use the palette, or palette to have one chosen for the picture',
  );
}

/**
 * Snaps a picture to a palette or to one of its own, then enlarges it.
 *
 *   const { pixels, width } = pixelArt(elf, 32, 32, { palette: ['#1a1c2c', '#b13e53', '#ffcd75'], factor: 2, wraps: false });
 *   const drawn = pixelArt(elf, 32, 32, { colours: 24 });
 *
 * @param pixels RGB or RGBA bytes, sRGB, straight alpha
 * @throws       RangeError for both palette and colours, dithering out of range, and as `ownPalette`, `snapToPalette` and
 *               `scalePixelArt`
 */
export function pixelArt(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: Partial<PixelArtOptions> = {},
): PixelImage {
  const { palette, colours, dither, factor, tolerance, wraps } = { ...PIXEL_ART_DEFAULTS, ...definedOf(options) };
  const channels = channelsOf('pixelArt', pixels.length, widthPx, heightPx);
  checkColours({ palette, colours, dither });
  const chosen = colours === undefined ? palette : ownPalette(pixels, widthPx, heightPx, colours);
  const snapped = chosen?.length === 0 ? pixels : snapToPalette(pixels, widthPx, heightPx, chosen, { dither });
  if (factor === 1) return { width: widthPx, height: heightPx, channels, pixels: Uint8Array.from(snapped) };
  return scalePixelArt(snapped, widthPx, heightPx, { factor, tolerance, wraps });
}
