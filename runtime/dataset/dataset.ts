import { MAX_MESSAGE_LENGTH, shortened } from '../core/errors.ts';
import { type Frame, numFramesOf } from '../core/frames.ts';
import type { NumValues } from '../core/pixels.ts';
import type { AttributeColumn } from './attributeColumns.ts';

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

/** The images of a class, of all of a data set or of some, in their order. */
export function membersOf(
  classLabels: Int32Array,
  label: number,
  images: Iterable<number> = classLabels.keys(),
): number[] {
  return Array.from(images).filter((image) => classLabels[image] === label);
}
