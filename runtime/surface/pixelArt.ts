import type { PixelImage } from '../core/pixels.ts';
import { PALETTE_DEFAULTS, snapToPalette } from './palette.ts';
import { PIXEL_ART_SCALE_DEFAULTS, scalePixelArt } from './pixelArtScale.ts';
import { channelsOf } from './surfaceImage.ts';

/** What makes a generated picture fit a pixel-art game. */
export interface PixelArtOptions {
  /** Colours, `#rrggbb`, that the picture is to have; empty: it keeps its own. */
  palette: readonly string[];
  /** See `PaletteOptions`. */
  dither: number;
  /** Enlargement; see `PixelArtScaleOptions`. */
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

/**
 * Snaps a picture to a palette, then enlarges it.
 *
 *   const { pixels, width } = pixelArt(elf, 32, 32, { palette: ['#1a1c2c', '#b13e53', '#ffcd75'], factor: 2, wraps: false });
 *
 * @param pixels RGB or RGBA bytes, sRGB, straight alpha
 * @throws       as `snapToPalette` and `scalePixelArt`
 */
export function pixelArt(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: Partial<PixelArtOptions> = {},
): PixelImage {
  const { palette, dither, factor, tolerance, wraps } = { ...PIXEL_ART_DEFAULTS, ...options };
  const channels = channelsOf('pixelArt', pixels.length, widthPx, heightPx);
  const snapped = palette.length === 0 ? pixels : snapToPalette(pixels, widthPx, heightPx, palette, { dither });
  if (factor === 1) return { width: widthPx, height: heightPx, channels, pixels: Uint8Array.from(snapped) };
  return scalePixelArt(snapped, widthPx, heightPx, { factor, tolerance, wraps });
}
