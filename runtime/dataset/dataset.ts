import { MAX_MESSAGE_LENGTH, shortened } from '../core/errors.ts';
import { type Frame, numFramesOf } from '../core/frames.ts';
import type { NumValues } from '../core/pixels.ts';
import { permutation } from '../core/random.ts';
import { SPLIT_STREAMS, streamAt } from '../core/streams.ts';
import { type AttributeColumn, combinationsOf, isWords, selectColumns } from './attributeColumns.ts';

/** Labelled images of one size, all in memory. */
export interface Dataset {
  name: string;
  widthPx: number;
  heightPx: number;
  /** Values of a pixel: 3 are RGB, 4 are RGBA, and 6 are RGB, height, roughness and metallic of a material. */
  channels: NumValues;
  /** The class names; the index is the class. */
  labels: string[];
  licence: string;
  attribution: string;
  /**
   * The pixels of all images, (N, H, W, C) bytes, straight alpha; with frames (N, F, H, W, C). Colours are sRGB, maps are data.
   */
  images: Uint8Array;
  /** The class of each image, (N). */
  classLabels: Int32Array;
  /** What is known of the images besides their class, a column an attribute. */
  attributes?: readonly AttributeColumn[];
  /** What each image is made of: an image is one subject in all of its frames, and its size that of a frame. */
  frames?: readonly Frame[];
  /** Where each image came from, for messages: `elf.png#12` is tile 12 of a sheet. */
  sources?: string[];
}

/** The number of bytes of one image, with all its frames. */
export function imageLength(dataset: Pick<Dataset, 'widthPx' | 'heightPx' | 'channels' | 'frames'>): number {
  return numFramesOf(dataset) * dataset.heightPx * dataset.widthPx * dataset.channels;
}

/** Which images train and which are kept away to judge with; both ascending. */
export interface DatasetSplit {
  train: Int32Array;
  heldOut: Int32Array;
}

/** The most bytes that the images of a data set have together: one for each channel of a pixel. */
export const MAX_IMAGE_BYTES = 2 ** 31;

/** Models have no longer labels, nor names. */
export const MAX_LABEL_LENGTH = 200;

const MAX_LISTED = 50;

/** Every problem of a data set at once, each line with the file it is about; of very many the first. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly problems: readonly string[];

  constructor(datasetName: string, problems: readonly string[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const listed = problems.slice(0, MAX_LISTED).map((problem) => shortened(`- ${problem}`, MAX_MESSAGE_LENGTH));
    const more = problems.length > MAX_LISTED ? `\n- ${problems.length - MAX_LISTED} more like these` : '';
    super(`openDataset: "${shortened(datasetName, 80)}" has ${count}:\n${listed.join('\n')}${more}`);
    this.problems = problems;
  }
}

/**
 * Splits a data set by class: from each class the same share is held out, drawn by the seed. A class keeps at least one
 * training image, and the draw within a class does not depend on the other classes.
 *
 * With attributes to hold out by, whole combinations of their values go to one side: what is held out then shows whether a
 * model makes what it has never seen together. The share is that of all images, and may be a little less.
 *
 * @param fraction share held out, 0 ≤ fraction < 1; rounded to whole images in each class
 * @param seed     uint32
 * @param by       names of attributes; default: none
 * @throws         RangeError when the fraction is out of range, an attribute is unknown or a number, or every combination has
 *                 too many images to be held out
 */
export function splitHeldOut(
  dataset: Pick<Dataset, 'labels' | 'classLabels' | 'attributes'>,
  fraction: number,
  seed: number,
  by: readonly string[] = [],
): DatasetSplit {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new RangeError(`splitHeldOut: fraction is ${fraction}; expected 0 or more and less than 1`);
  }
  if (by.length > 0) return splitByCombination(dataset, fraction, seed, by);
  const train: number[] = [];
  const heldOut: number[] = [];
  for (let label = 0; label < dataset.labels.length; label++) {
    const members = membersOf(dataset.classLabels, label);
    const numHeldOut = Math.max(0, Math.min(Math.round(fraction * members.length), members.length - 1));
    const order = permutation(seed, streamAt(SPLIT_STREAMS.heldOut, label), members.length);
    order.forEach((position, rank) => {
      (rank < numHeldOut ? heldOut : train).push(members[position]!);
    });
  }
  return { train: Int32Array.from(train).sort(), heldOut: Int32Array.from(heldOut).sort() };
}

function splitByCombination(
  { labels, classLabels, attributes = [] }: Pick<Dataset, 'labels' | 'classLabels' | 'attributes'>,
  fraction: number,
  seed: number,
  by: readonly string[],
): DatasetSplit {
  const columns = selectColumns(attributes, by);
  const measured = columns.find((column) => !isWords(column));
  if (measured) {
    throw new RangeError(
      `splitHeldOut: ${measured.name} is a number, which hardly two images share; name attributes of words`,
    );
  }
  const combinations = combinationsOf(columns, classLabels.length);
  const room = Math.round(fraction * classLabels.length);
  const numTraining = labels.map((_, label) => membersOf(classLabels, label).length);
  const heldOut: number[] = [];
  for (const place of permutation(seed, SPLIT_STREAMS.combinations.first, combinations.length)) {
    const images = combinations[place]!;
    const left = [...numTraining];
    for (const image of images) left[classLabels[image]!]!--;
    const leavesEmpty = left.some((count, label) => count === 0 && numTraining[label]! > 0);
    if (leavesEmpty || heldOut.length + images.length > room) continue;
    heldOut.push(...images);
    numTraining.splice(0, left.length, ...left);
  }
  if (room > 0 && heldOut.length === 0) {
    throw new RangeError(
      `splitHeldOut: each of the ${combinations.length} combinations of ${by.join(', ')} has more than ${room} images or all of a class; name more attributes, or hold out a larger share`,
    );
  }
  const isHeldOut = new Set(heldOut);
  const train = Array.from(classLabels.keys()).filter((image) => !isHeldOut.has(image));
  return { train: Int32Array.from(train), heldOut: Int32Array.from(heldOut).sort() };
}

/** The images of a class, of all of a data set or of some, in their order. */
export function membersOf(
  classLabels: Int32Array,
  label: number,
  images: Iterable<number> = classLabels.keys(),
): number[] {
  return Array.from(images).filter((image) => classLabels[image] === label);
}
