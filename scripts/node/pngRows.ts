// Rows of pixels as PNG files store them, each with its filter in front.
// Source: W3C, PNG (Third Edition), chapter 9 and section 12.7.

import type { PixelImage } from '../../runtime/index.ts';

type Bytes = PixelImage['pixels'];

/** The pixels as they are: best for flat colours, such as pixel art. */
export function plainRows(pixels: Bytes, rowBytes: number): Uint8Array {
  const rows = new Uint8Array(pixels.length + pixels.length / rowBytes);
  for (let from = 0, to = 0; from < pixels.length; from += rowBytes, to += rowBytes + 1) {
    rows.set(pixels.subarray(from, from + rowBytes), to + 1);
  }
  return rows;
}

/**
 * Each row as its difference from what its neighbours foretell, by the filter that leaves the least: best for grain and
 * soft shades.
 *
 * @param pixelBytes bytes of a pixel
 */
export function filteredRows(pixels: Bytes, rowBytes: number, pixelBytes: number): Uint8Array {
  const rows = new Uint8Array(pixels.length + pixels.length / rowBytes);
  let above = new Uint8Array(rowBytes);
  for (let from = 0, to = 0; from < pixels.length; from += rowBytes, to += rowBytes + 1) {
    const row = pixels.subarray(from, from + rowBytes);
    const filtered = FORETELL.map((foretell) => differences(row, above, pixelBytes, foretell));
    const weights = filtered.map(weightOf);
    const best = weights.indexOf(Math.min(...weights));
    rows[to] = best;
    rows.set(filtered[best]!, to + 1);
    above = new Uint8Array(row);
  }
  return rows;
}

type Foretell = (left: number, above: number, aboveLeft: number) => number;

/** The filters in the order of their numbers: none, sub, up, average, Paeth. */
const FORETELL: readonly Foretell[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

/** The neighbour that is nearest to left + above − aboveLeft. */
function paeth(left: number, above: number, aboveLeft: number): number {
  const [byLeft, byAbove] = [Math.abs(above - aboveLeft), Math.abs(left - aboveLeft)];
  const byAboveLeft = Math.abs(left + above - 2 * aboveLeft);
  if (byLeft <= byAbove && byLeft <= byAboveLeft) return left;
  return byAbove <= byAboveLeft ? above : aboveLeft;
}

function differences(row: Bytes, above: Uint8Array, pixelBytes: number, foretell: Foretell): Uint8Array {
  const result = new Uint8Array(row.length);
  for (let i = 0; i < row.length; i++) {
    const hasLeft = i >= pixelBytes;
    const [left, aboveLeft] = hasLeft ? [row[i - pixelBytes]!, above[i - pixelBytes]!] : [0, 0];
    result[i] = row[i]! - foretell(left, above[i]!, aboveLeft);
  }
  return result;
}

/** The sum of the differences, taken as signed bytes, without their signs. */
function weightOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte < 128 ? byte : 256 - byte;
  return sum;
}
