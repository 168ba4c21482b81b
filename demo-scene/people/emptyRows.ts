/** Alpha from which a pixel counts as something to stand on. */
const SOLID = 128;

/** How many rows at the lower edge of a picture are empty; 0 where all of it is. @param pixels RGBA, top row first */
export function emptyRowsBelow(pixels: Uint8Array, widthPx: number): number {
  const heightPx = pixels.length / (4 * widthPx);
  for (let row = heightPx - 1; row >= 0; row--) {
    for (let x = 0; x < widthPx; x++) {
      if (pixels[4 * (row * widthPx + x) + 3]! >= SOLID) return heightPx - 1 - row;
    }
  }
  return 0;
}
