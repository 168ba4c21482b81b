import { channelsOf, type Plane } from './surfaceImage.ts';

/** Shares of red, green and blue. */
export const LUMA_WEIGHTS = [0.2126, 0.7152, 0.0722] as const;

/**
 * How bright each pixel looks: the luma of its sRGB bytes, times alpha, so that what is transparent counts as dark.
 *
 *   luma = (0.2126 r + 0.7152 g + 0.0722 b) · a      r, g, b, a from 0 to 1
 *
 * Source: Rec. ITU-R BT.709-6, section 3.2, on the coded values: they are closer to how the eye sees depth than light is.
 * @param pixels RGB or RGBA bytes, sRGB, straight alpha
 * @returns      0 … 1, one for each pixel
 * @throws       RangeError when the bytes do not fit the size
 */
export function luminance(pixels: Uint8Array | Uint8ClampedArray, widthPx: number, heightPx: number): Plane {
  const channels = channelsOf('luminance', pixels.length, widthPx, heightPx);
  const [red, green, blue] = LUMA_WEIGHTS;
  const plane = new Float32Array(widthPx * heightPx);
  for (let i = 0, at = 0; i < plane.length; i++, at += channels) {
    const alpha = channels === 4 ? pixels[at + 3]! / 255 : 1;
    plane[i] = ((red * pixels[at]! + green * pixels[at + 1]! + blue * pixels[at + 2]!) / 255) * alpha;
  }
  return plane;
}
