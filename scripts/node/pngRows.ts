// Rows of pixels as PNG files store them, each with the number of its filter in front.
// Source: W3C, PNG (Third Edition), chapter 9.
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

const PAETH = 4;

/**
 * The difference of each byte from that of the neighbour which Paeth's filter takes: best for grain and soft shades. To choose
 * among all five filters for each row takes nine times as long, and less than a hundredth of the file.
 *
 * @param pixelBytes bytes of a pixel
 */
export function paethRows(pixels: Bytes, rowBytes: number, pixelBytes: number): Uint8Array {
  const rows = new Uint8Array(pixels.length + pixels.length / rowBytes);
  for (let from = 0, to = 0; from < pixels.length; from += rowBytes) {
    rows[to++] = PAETH;
    for (let i = 0; i < rowBytes; i++) {
      const at = from + i;
      const [hasLeft, hasAbove] = [i >= pixelBytes, from > 0];
      const left = hasLeft ? pixels[at - pixelBytes]! : 0;
      const above = hasAbove ? pixels[at - rowBytes]! : 0;
      const aboveLeft = hasLeft && hasAbove ? pixels[at - rowBytes - pixelBytes]! : 0;
      rows[to++] = pixels[at]! - nearest(left, above, aboveLeft);
    }
  }
  return rows;
}

/** The neighbour that is nearest to left + above − aboveLeft. */
function nearest(left: number, above: number, aboveLeft: number): number {
  const [toLeft, toAbove] = [Math.abs(above - aboveLeft), Math.abs(left - aboveLeft)];
  const toAboveLeft = Math.abs(left + above - 2 * aboveLeft);
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left;
  return toAbove <= toAboveLeft ? above : aboveLeft;
}
