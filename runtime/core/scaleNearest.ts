import { channelsOf, type PixelImage } from './pixels.ts';

/**
 * Enlarges an image by a whole factor; every pixel becomes a block of scale × scale equal ones.
 *
 * @param pixels RGB or RGBA bytes of one image
 * @param scale  integer ≥ 1
 * @returns      bytes of the image (height · scale, width · scale)
 * @throws       RangeError when a size does not fit
 */
export function scaleNearest(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  scale: number,
): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(scale) || scale < 1) {
    throw new RangeError(`scaleNearest: scale is ${scale}; expected a whole number from 1`);
  }
  const channels = channelsOf('scaleNearest', pixels.length, widthPx, heightPx);
  const rowBytes = widthPx * scale * channels;
  const out = new Uint8Array(rowBytes * heightPx * scale);
  for (let y = 0; y < heightPx; y++) {
    const start = y * scale * rowBytes;
    let at = start;
    for (let x = 0; x < widthPx; x++) {
      const from = (y * widthPx + x) * channels;
      for (let copy = 0; copy < scale; copy++) {
        for (let c = 0; c < channels; c++) out[at++] = pixels[from + c]!;
      }
    }
    for (let copy = 1; copy < scale; copy++) out.copyWithin(start + copy * rowBytes, start, start + rowBytes);
  }
  return out;
}

/** A sheet, or any picture, enlarged by a whole factor: see `scaleNearest`. */
export function scaleSheet({ pixels, width, height, channels }: PixelImage, scale: number): PixelImage {
  return { pixels: scaleNearest(pixels, width, height, scale), width: width * scale, height: height * scale, channels };
}
