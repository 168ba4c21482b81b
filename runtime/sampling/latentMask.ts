/**
 * A mask of pixels on the grid of latents: a cell is made anew when any of its pixels is, if only in part.
 *
 * @param mask one byte a pixel, 0 (keep) … 255, row by row
 * @returns    one byte a cell, 0 or 1, row by row
 */
export function latentMask(mask: Uint8Array, widthPx: number, latentWidth: number, latentHeight: number): Uint8Array {
  const cellPx = widthPx / latentWidth;
  const cells = new Uint8Array(latentWidth * latentHeight);
  for (const [pixel, value] of mask.entries()) {
    if (value === 0) continue;
    const [x, y] = [pixel % widthPx, Math.floor(pixel / widthPx)];
    cells[Math.floor(y / cellPx) * latentWidth + Math.floor(x / cellPx)] = 1;
  }
  return cells;
}
