import type { NumChannels, PixelImage } from '../core/pixels.ts';

/**
 * Converts an image to the wanted number of channels; alpha is dropped, or added as 255.
 *
 * @returns the image's own bytes when nothing changes
 */
export function withChannels(image: PixelImage, channels: NumChannels): Uint8Array | Uint8ClampedArray {
  if (image.channels === channels) return image.pixels;
  const numPixels = image.width * image.height;
  const out = new Uint8Array(numPixels * channels).fill(255);
  for (let pixel = 0; pixel < numPixels; pixel++) {
    for (let c = 0; c < 3; c++) out[pixel * channels + c] = image.pixels[pixel * image.channels + c]!;
  }
  return out;
}

/** Whether any pixel of the image is less than opaque. */
export function isTransparent(image: PixelImage): boolean {
  if (image.channels === 3) return false;
  for (let i = 3; i < image.pixels.length; i += 4) if (image.pixels[i] !== 255) return true;
  return false;
}
