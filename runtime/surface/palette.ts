import { definedOf } from '../core/definedOf.ts';
import { quote } from '../core/errors.ts';
import { type Oklab, toOklab } from '../core/oklab.ts';
import { channelsOf } from '../core/pixels.ts';
import { PIXEL_ART_BOUNDS } from '../core/surfaceBounds.ts';
import { checkRange } from './plane.ts';

export interface PaletteOptions {
  /** How far the pattern of two colours mixed reaches, as a share of the range from black to white: 0 (none) … 1. */
  dither: number;
}

export const PALETTE_DEFAULTS: Readonly<PaletteOptions> = { dither: 0 };

const MAX_COLOURS = 256;
export const BAYER_SIDE = 8;

/**
 * Thresholds −0.5 … 0.5 of ordered dithering, 8 × 8, row by row; their mean is 0.
 *
 * Source: Bayer 1973, "An optimum method for two-level rendition of continuous-tone pictures", IEEE ICC; built by the
 * recursion M(2n) = [[4M, 4M + 2], [4M + 3, 4M + 1]].
 */
export const BAYER_THRESHOLDS: readonly number[] = bayerMatrix(BAYER_SIDE).map(
  (rank) => (rank + 0.5) / BAYER_SIDE ** 2 - 0.5,
);

function bayerMatrix(side: number): number[] {
  if (side === 1) return [0];
  const half = side / 2;
  const smaller = bayerMatrix(half);
  return Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    const quarter = y < half ? (x < half ? 0 : 2) : x < half ? 3 : 1;
    return 4 * smaller[(y % half) * half + (x % half)]! + quarter;
  });
}

/**
 * Gives every pixel the palette's nearest colour in Oklab, and keeps its alpha. Dithering wraps in pictures whose sides
 * are multiples of 8.
 *
 *   const snapped = snapToPalette(pixels, 64, 64, ['#1a1c2c', '#5d275d', '#b13e53'], { dither: 0.1 });
 *
 * @param pixels  RGB or RGBA bytes, sRGB
 * @param palette 1 to 256 colours, `#rrggbb`
 * @returns       as many bytes as `pixels`
 * @throws        RangeError when the bytes do not fit the size, a colour is malformed, or the dithering is out of range
 */
export function snapToPalette(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  palette: readonly string[],
  options: Partial<PaletteOptions> = {},
): Uint8Array<ArrayBuffer> {
  const { dither } = { ...PALETTE_DEFAULTS, ...definedOf(options) };
  const channels = channelsOf('snapToPalette', pixels.length, widthPx, heightPx);
  const offsets = ditherOffsets(dither);
  const colours = parsePalette(palette);
  const nearest = nearestColourOf(colours);
  const snapped = Uint8Array.from(pixels);
  let at = 0;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at += channels) {
      const offset = offsets[(y % BAYER_SIDE) * BAYER_SIDE + (x % BAYER_SIDE)]!;
      const colour = colours[nearest(pixels[at]! + offset, pixels[at + 1]! + offset, pixels[at + 2]! + offset)]!;
      for (let c = 0; c < 3; c++) snapped[at + c] = colour[c]!;
    }
  }
  return snapped;
}

/** What each place of the pattern adds to a byte. @throws RangeError for dithering out of range */
export function ditherOffsets(dither: number): number[] {
  checkRange('snapToPalette', 'dither', dither, ...PIXEL_ART_BOUNDS.dither);
  return BAYER_THRESHOLDS.map((threshold) => Math.round(255 * dither * threshold));
}

/** @throws RangeError naming the text that is not a colour */
export function parsePalette(palette: readonly string[]): [red: number, green: number, blue: number][] {
  if (!Array.isArray(palette) || palette.length < 1 || palette.length > MAX_COLOURS) {
    const given = Array.isArray(palette) ? `${palette.length} colours` : `the palette is ${quote(palette)}`;
    throw new RangeError(`snapToPalette: ${given}; expected 1 to ${MAX_COLOURS} in a list, such as ["#b13e53"]`);
  }
  return palette.map((colour) => {
    const digits = /^#?([0-9a-f]{6})$/i.exec(colour)?.[1];
    if (!digits) throw new RangeError(`snapToPalette: colour ${quote(colour)}; expected #rrggbb`);
    const value = Number.parseInt(digits, 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
}

/** Finds the nearest colour, and remembers it for the other pixels of the same colour. */
function nearestColourOf(colours: readonly [number, number, number][]): (r: number, g: number, b: number) => number {
  const known = new Map<number, number>();
  const labs = colours.map((colour) => toOklab(...colour));
  return (r, g, b) => {
    const [red, green, blue] = [clampByte(r), clampByte(g), clampByte(b)];
    const key = (red << 16) | (green << 8) | blue;
    let found = known.get(key);
    if (found === undefined) {
      found = nearestOf(toOklab(red, green, blue), labs);
      known.set(key, found);
    }
    return found;
  };
}

function nearestOf(lab: Oklab, labs: readonly Oklab[]): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, other] of labs.entries()) {
    const distance = (lab[0] - other[0]) ** 2 + (lab[1] - other[1]) ** 2 + (lab[2] - other[2]) ** 2;
    if (distance < least) [nearest, least] = [i, distance];
  }
  return nearest;
}

function clampByte(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}
