import type { NumChannels, PixelImage } from '../core/pixels.ts';

/**
 * How visible the seam is where pictures repeat: the mean absolute difference of pixels across their edges over that of
 * neighbouring rows and columns inside, of all pictures together. At 1 the seam looks like every other place.
 *
 * @param pictures RGB or RGBA bytes; alpha is left out
 * @param measured which channels are looked at, by default all three colours
 * @returns        the worse of left–right and top–bottom; 1 for pictures that are plain both ways
 * @throws         RangeError for a picture that is less than 3 pixels wide or high
 */
export function seamRatio(pictures: readonly PixelImage[], measured: readonly number[] = [0, 1, 2]): number {
  const across = new Differences(measured);
  const down = new Differences(measured);
  for (const { width, height, channels, pixels } of pictures) {
    if (width < 3 || height < 3) throw new RangeError(`seamRatio: ${width}×${height} pixels; expected at least 3×3`);
    across.addLines(pixels, channels, { length: width, step: 1, numLines: height, lineStep: width });
    down.addLines(pixels, channels, { length: height, step: width, numLines: width, lineStep: 1 });
  }
  return Math.max(across.ratio, down.ratio);
}

/** Lines of `length` pixels, `step` apart; there are `numLines`, `lineStep` apart. */
interface Lines {
  length: number;
  step: number;
  numLines: number;
  lineStep: number;
}

class Differences {
  private inside = 0;
  private numInside = 0;
  private seam = 0;
  private numSeam = 0;

  constructor(private readonly measured: readonly number[]) {}

  /** The mean difference at the seam over that inside; 1 where neither has any difference. */
  get ratio(): number {
    if (this.inside === 0) return this.seam === 0 ? 1 : Number.POSITIVE_INFINITY;
    return this.seam / this.numSeam / (this.inside / this.numInside);
  }

  addLines(pixels: ArrayLike<number>, channels: NumChannels, { length, step, numLines, lineStep }: Lines): void {
    for (let line = 0; line < numLines; line++) {
      for (let i = 0; i < length; i++) {
        const [here, next] = [line * lineStep + i * step, line * lineStep + ((i + 1) % length) * step];
        let difference = 0;
        for (const c of this.measured) {
          difference += Math.abs(pixels[here * channels + c]! - pixels[next * channels + c]!);
        }
        if (i === length - 1) this.seam += difference;
        else this.inside += difference;
      }
    }
    this.numSeam += numLines;
    this.numInside += numLines * (length - 1);
  }
}
