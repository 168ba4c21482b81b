/** Turns a texture's rows, which begin at the bottom, into a picture's, which begin at the top. */
export function topRowFirst(texels: Uint8Array, widthPx: number): Uint8Array {
  const pixels = new Uint8Array(texels.length);
  const rowBytes = 4 * widthPx;
  for (let from = 0; from < texels.length; from += rowBytes) {
    pixels.set(texels.subarray(from, from + rowBytes), texels.length - rowBytes - from);
  }
  return pixels;
}
