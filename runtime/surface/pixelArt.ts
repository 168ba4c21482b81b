import { quote } from '../core/errors.ts';
import type { NumChannels, PixelImage } from '../core/pixels.ts';
import { channelsOf } from '../core/pixels.ts';
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
  const { factor, tolerance, wraps } = { ...PIXEL_ART_SCALE_DEFAULTS, ...options };
  const channels = channelsOf('scalePixelArt', pixels.length, widthPx, heightPx);
  checkScaleOptions({ factor, tolerance, wraps });
  const twice = scale2x({ width: widthPx, height: heightPx, channels, pixels }, tolerance, wraps);
  return factor === 2 ? twice : scale2x(twice, tolerance, wraps);
}

/** @throws RangeError naming the option that is out of range */
export function checkScaleOptions({ factor, tolerance }: PixelArtScaleOptions): void {
  if (factor !== 2 && factor !== 4) throw new RangeError(`scalePixelArt: factor is ${quote(factor)}; expected 2 or 4`);
  checkRange('scalePixelArt', 'tolerance', tolerance, 0, 255);
}

/**
 * Each pixel E becomes four. With its neighbours B above, D left, F right and H below, a corner takes the colour of the two
 * neighbours beside it where those are equal and the opposite ones differ from them.
 */
function scale2x({ width, height, channels, pixels }: PixelImage, tolerance: number, wraps: boolean): PixelImage {
  const larger = new Uint8Array(4 * pixels.length);
  const step = wraps ? wrapped : clamped;
  const differ = (a: number, b: number) => !areAlike(pixels, a, b, channels, tolerance);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (column: number, row: number) => channels * (step(row, height) * width + step(column, width));
      const [b, d, e, f, h] = [at(x, y - 1), at(x - 1, y), at(x, y), at(x + 1, y), at(x, y + 1)];
      const isEdge = differ(b, h) && differ(d, f);
      const corners = [
        isEdge && !differ(d, b) ? d : e,
        isEdge && !differ(b, f) ? f : e,
        isEdge && !differ(d, h) ? d : e,
        isEdge && !differ(h, f) ? f : e,
      ];
      for (const [corner, from] of corners.entries()) {
        const to = channels * ((2 * y + (corner >> 1)) * 2 * width + 2 * x + (corner & 1));
        for (let c = 0; c < channels; c++) larger[to + c] = pixels[from + c]!;
      }
    }
  }
  return { width: 2 * width, height: 2 * height, channels, pixels: larger };
}

function areAlike(
  pixels: Uint8Array | Uint8ClampedArray,
  a: number,
  b: number,
  channels: NumChannels,
  tolerance: number,
): boolean {
  for (let c = 0; c < channels; c++) if (Math.abs(pixels[a + c]! - pixels[b + c]!) > tolerance) return false;
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
  checkRange('pixelArt', 'dither', dither, 0, 1);
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
  const { palette, colours, dither, factor, tolerance, wraps } = { ...PIXEL_ART_DEFAULTS, ...options };
  const channels = channelsOf('pixelArt', pixels.length, widthPx, heightPx);
  checkColours({ palette, colours, dither });
  const chosen = colours === undefined ? palette : ownPalette(pixels, widthPx, heightPx, colours);
  const snapped = chosen?.length === 0 ? pixels : snapToPalette(pixels, widthPx, heightPx, chosen, { dither });
  if (factor === 1) return { width: widthPx, height: heightPx, channels, pixels: Uint8Array.from(snapped) };
  return scalePixelArt(snapped, widthPx, heightPx, { factor, tolerance, wraps });
}
