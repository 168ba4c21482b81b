import type { PixelImage } from '../core/pixels.ts';

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
  const ways = WAYS.map(() => ({ atEdge: new Mean(), inside: new Mean() }));
  for (const picture of pictures) {
    const { width, height } = picture;
    if (width < 3 || height < 3) throw new RangeError(`seamRatio: ${width}×${height} pixels; expected at least 3×3`);
    for (const [i, linesOf] of WAYS.entries()) {
      const lines = linesOf(picture);
      for (let place = 0; place < lines.length; place++) {
        const mean = place === lines.length - 1 ? ways[i]!.atEdge : ways[i]!.inside;
        mean.add(differenceAt(picture, measured, lines, place), lines.numLines);
      }
    }
  }
  return worstRatio(ways);
}

/**
 * Compares the seam with the very same places elsewhere: the mean absolute difference of pixels across the edges of pictures,
 * over that in the middle of the same pictures moved by half. A line of mortar that lies on an edge counts on both
 * sides, so that few pictures tell what the edge alone does. At 1 it does nothing.
 *
 * @param pairs    a picture, and what its noise makes when it is moved by half of the picture both ways; RGB or RGBA bytes
 * @param measured which channels are looked at, by default all three colours
 * @returns        the worse of left–right and top–bottom; 1 for pictures that are plain both ways
 * @throws         RangeError where the two have other sizes, or one that is odd
 */
export function movedSeamRatio(
  pairs: readonly (readonly [PixelImage, PixelImage])[],
  measured: readonly number[] = [0, 1, 2],
): number {
  const ways = WAYS.map(() => ({ atEdge: new Mean(), inside: new Mean() }));
  for (const [picture, moved] of pairs) {
    checkPair(picture, moved);
    for (const [i, linesOf] of WAYS.entries()) {
      const lines = linesOf(picture);
      for (const image of [picture, moved]) {
        ways[i]!.atEdge.add(differenceAt(image, measured, lines, lines.length - 1), lines.numLines);
        ways[i]!.inside.add(differenceAt(image, measured, lines, lines.length / 2 - 1), lines.numLines);
      }
    }
  }
  return worstRatio(ways);
}

function checkPair({ width, height }: PixelImage, moved: PixelImage): void {
  if (width % 2 === 0 && height % 2 === 0 && moved.width === width && moved.height === height) return;
  const sizes = `${width}×${height} and ${moved.width}×${moved.height} pixels`;
  throw new RangeError(`movedSeamRatio: ${sizes}; expected two pictures of one size, which is even`);
}

/** Lines of `length` pixels, `step` apart; there are `numLines`, `lineStep` apart. */
interface Lines {
  length: number;
  step: number;
  numLines: number;
  lineStep: number;
}

type Size = Pick<PixelImage, 'width' | 'height'>;

/** Rows, along which left meets right; and columns, along which top meets bottom. */
const WAYS = [
  ({ width, height }: Size): Lines => ({ length: width, step: 1, numLines: height, lineStep: width }),
  ({ width, height }: Size): Lines => ({ length: height, step: width, numLines: width, lineStep: 1 }),
];

/** Absolute differences between the pixels at a place of all lines and those after them; after the last comes the first. */
function differenceAt(
  { channels, pixels }: PixelImage,
  measured: readonly number[],
  { length, step, numLines, lineStep }: Lines,
  place: number,
): number {
  const next = ((place + 1) % length) * step;
  let difference = 0;
  for (let line = 0; line < numLines; line++) {
    const [here, there] = [line * lineStep + place * step, line * lineStep + next];
    for (const c of measured) difference += Math.abs(pixels[here * channels + c]! - pixels[there * channels + c]!);
  }
  return difference;
}

class Mean {
  private sum = 0;
  private count = 0;

  get value(): number {
    return this.sum / this.count;
  }

  add(sum: number, count: number): void {
    this.sum += sum;
    this.count += count;
  }
}

function worstRatio(ways: readonly { atEdge: Mean; inside: Mean }[]): number {
  return Math.max(...ways.map(({ atEdge, inside }) => ratioOf(atEdge.value, inside.value)));
}

/** 1 where neither has any difference, and where there are no pictures. */
function ratioOf(atEdge: number, inside: number): number {
  if (inside > 0) return atEdge / inside;
  return atEdge > 0 ? Number.POSITIVE_INFINITY : 1;
}
