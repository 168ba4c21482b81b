/** A point of a picture that stays where its sprite is put: shares of width and height, from the top left corner. */
export interface Pivot {
  x: number;
  y: number;
}

const OPAQUE = 128;

/**
 * Where a cut-out stands: in the middle, below its lowest row that has an opaque pixel; at the bottom edge if none has.
 *
 * @param pixels RGBA bytes, top row first
 */
export function footPivot(pixels: Uint8Array | Uint8ClampedArray, widthPx: number, heightPx: number): Pivot {
  for (let row = heightPx; row > 0; row--) {
    for (let x = 0; x < widthPx; x++) {
      if (pixels[4 * ((row - 1) * widthPx + x) + 3]! >= OPAQUE) return { x: 0.5, y: row / heightPx };
    }
  }
  return { x: 0.5, y: 1 };
}
