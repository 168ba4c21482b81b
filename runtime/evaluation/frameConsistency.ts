// Whether the frames of a subject show the same subject.
import { animationsOf, type Frame } from '../core/frames.ts';
import type { AttributeKind } from '../networks/conditioningConfig.ts';
import type { ImageSet } from './imageSet.ts';

/** How far the frames of subjects agree on an attribute. */
export interface FrameAgreement {
  /** Share of frames that read as most frames of their subject do, 0 … 1. */
  frames: number;
  /** Share of subjects of which all frames read alike. */
  subjects: number;
  /** How many of all subjects count. */
  share: number;
}

/**
 * How often a classifier reads the same words from the frames of a subject. Numbers are left out, and so are attributes that
 * show in none of the subjects.
 *
 * @param kinds how many words each attribute has, or that it is a number
 * @param read  (N · F, attributes), as `classifyImages` gives it, the frames of a subject one after another
 * @param shows (N, attributes), 0 where an attribute of a subject doesn't count; all do when absent
 */
export function frameAgreement(
  kinds: Readonly<Record<string, AttributeKind>>,
  read: ArrayLike<number>,
  numFrames: number,
  shows?: ArrayLike<number>,
): Record<string, FrameAgreement> {
  const names = Object.keys(kinds);
  const subjects = Array.from({ length: read.length / names.length / numFrames }, (_, subject) => subject);
  const agreements = names.map((name, place): [string, FrameAgreement] => {
    const counted = subjects.filter((subject) => shows?.[subject * names.length + place] !== 0);
    const mosts = counted.map((subject) => {
      const counts = new Map<number, number>();
      for (let frame = 0; frame < numFrames; frame++) {
        const value = read[(subject * numFrames + frame) * names.length + place]!;
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return Math.max(...counts.values());
    });
    const inAll = mosts.filter((most) => most === numFrames).length;
    const share = counted.length / subjects.length;
    return [name, { frames: mean(mosts) / numFrames, subjects: inAll / counted.length, share }];
  });
  return Object.fromEntries(agreements.filter(([name, { share }]) => kinds[name] !== 'number' && share > 0));
}

/**
 * Which attributes show in subjects: those of which a classifier reads the right word in at least half of the frames. Hair below
 * a helmet does not.
 *
 * @param read, expected (N · F, attributes), the frames of a subject one after another
 * @returns              (N, attributes), 1 where it shows, else 0
 */
export function shownAttributes(
  read: ArrayLike<number>,
  expected: ArrayLike<number>,
  numAttributes: number,
  numFrames: number,
): Uint8Array {
  const shows = new Uint8Array(read.length / numFrames);
  for (let i = 0; i < shows.length; i++) {
    const [subject, place] = [Math.floor(i / numAttributes), i % numAttributes];
    const at = (frame: number) => (subject * numFrames + frame) * numAttributes + place;
    const isRight = (frame: number) => read[at(frame)] === expected[at(frame)];
    const numRight = Array.from({ length: numFrames }, (_, frame) => frame).filter(isRight).length;
    shows[i] = 2 * numRight >= numFrames ? 1 : 0;
  }
  return shows;
}

/** Head, chest, hips and legs of a figure, about. */
const NUM_BANDS = 4;

/**
 * How much colours change from each frame of an animation to the next, its first after its last: the mean absolute
 * difference of the mean colours of four bands, from top to bottom, each as often as the frames have pixels in it. A moving
 * leg changes little of that; a coat that changes its colour, much.
 *
 * @param images RGBA values of (N · F), premultiplied, −1 … 1, the frames of a subject one after another
 * @returns      in units of 1/255; NaN where nothing moves
 */
export function colourDrift({ values, shape }: Pick<ImageSet, 'values' | 'shape'>, frames: readonly Frame[]): number {
  const length = shape[0] * shape[1] * shape[2];
  const bandsOf = (frame: number) => meanColours(values.subarray(frame * length, (frame + 1) * length), shape);
  const moving = animationsOf(frames).filter(({ from, to }) => to > from);
  let [sum, total] = [0, 0];
  for (let first = 0; first < values.length / length; first += frames.length) {
    for (const { from, to } of moving) {
      const bands = Array.from({ length: to - from + 1 }, (_, i) => bandsOf(first + from + i));
      for (const [i, here] of bands.entries()) {
        const next = bands[(i + 1) % bands.length]!;
        for (const [band, { colour, weight }] of here.entries()) {
          const shared = Math.min(weight, next[band]!.weight);
          const change = mean(colour.map((value, c) => Math.abs(value - next[band]!.colour[c]!)));
          sum += shared > 0 ? shared * change : 0;
          total += shared;
        }
      }
    }
  }
  return sum / total;
}

/** The mean colour of what is opaque in each band, 0 … 255, and how much that is. */
function meanColours(image: Float32Array, [height, width, channels]: ImageSet['shape']) {
  return Array.from({ length: NUM_BANDS }, (_, band) => {
    const [top, end] = [band, band + 1].map((edge) => Math.round((edge * height) / NUM_BANDS)) as [number, number];
    const sums = [0, 0, 0];
    let weight = 0;
    for (let at = top * width * channels; at < end * width * channels; at += channels) {
      weight += channels === 4 ? (image[at + 3]! + 1) / 2 : 1;
      for (const c of [0, 1, 2]) sums[c]! += (255 * (image[at + c]! + 1)) / 2;
    }
    return { colour: sums.map((sum) => sum / weight), weight };
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
