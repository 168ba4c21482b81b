import type { NumChannels, PixelImage } from '../core/pixels.ts';

/**
 * How visible the seam is where a picture repeats: the mean absolute difference of pixels across its edges over that of
 * neighbouring rows and columns inside. 1: as any other place.
 *
 * @param pixels RGB or RGBA bytes; alpha is left out
 * @returns      the worse of left–right and top–bottom; 1 for a picture that is plain both ways
 * @throws       RangeError for a picture that is less than 3 pixels wide or high
 */
export function seamRatio({ width, height, channels, pixels }: PixelImage): number {
  if (width < 3 || height < 3) throw new RangeError(`seamRatio: ${width}×${height} pixels; expected at least 3×3`);
  const across = ratioAlong(pixels, channels, width, 1, height, width);
  const down = ratioAlong(pixels, channels, height, width, width, 1);
  return Math.max(across, down);
}

/** Along lines of `length` pixels, `step` apart; there are `numLines`, `lineStep` apart. */
function ratioAlong(
  pixels: ArrayLike<number>,
  channels: NumChannels,
  length: number,
  step: number,
  numLines: number,
  lineStep: number,
): number {
  let inside = 0;
  let seam = 0;
  for (let line = 0; line < numLines; line++) {
    for (let i = 0; i < length; i++) {
      const [here, next] = [line * lineStep + i * step, line * lineStep + ((i + 1) % length) * step];
      let difference = 0;
      for (let c = 0; c < 3; c++) difference += Math.abs(pixels[here * channels + c]! - pixels[next * channels + c]!);
      if (i === length - 1) seam += difference;
      else inside += difference;
    }
  }
  if (inside === 0) return seam === 0 ? 1 : Number.POSITIVE_INFINITY;
  return (seam * (length - 1)) / inside;
}
