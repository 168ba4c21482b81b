import { ANY, encodeAttributes } from '../core/attributes.ts';
import { definedOf } from '../core/definedOf.ts';
import {
  LOGIT_STEP,
  MAX_PALETTE_COLOURS,
  numPaletteRows,
  type PalettePrior,
  paletteRows,
} from '../core/palettePrior.ts';
import { HALF_OPAQUE } from '../core/pixels.ts';
import { permutation, uniforms } from '../core/random.ts';
import { PALETTE_STREAMS, streamAt } from '../core/streams.ts';
import { attributesOf, vocabularyOf } from '../dataset/attributeColumns.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { pictureAt } from '../dataset/pictureAt.ts';
import { colourAt } from './colourIndex.ts';

export interface FitPaletteOptions {
  /** How often all images are seen. */
  numEpochs: number;
  batchSize: number;
  /** The learning rate of the first step; it falls to 0. */
  learningRate: number;
  /** Pulls the logits towards 0, where few images tell. */
  weightDecay: number;
  /** The share of images that have some attributes left out, so that "any" is learned; and in these the share left out. */
  openProb: number;
  /** See `PalettePrior`. */
  deviation: number;
  /** See `PalettePrior`. */
  sure: number;
  seed: number;
  signal?: AbortSignal;
  /** Called, and awaited, between batches: the place to let other work run. @param share done, 0 … 1 */
  onProgress?: (share: number) => void | Promise<void>;
}

export const FIT_PALETTE_DEFAULTS: Required<Omit<FitPaletteOptions, 'signal' | 'onProgress'>> = {
  numEpochs: 30,
  batchSize: 128,
  learningRate: 0.05,
  weightDecay: 1e-4,
  openProb: 0.3,
  deviation: 0.03,
  sure: 0,
  seed: 0,
};

/** Random numbers of each image: one for each attribute (of more, some share theirs), and one for the image itself. */
const NUM_DRAWS = 64;

/** How many batches pass between two calls of `onProgress`. */
const BATCHES_AT_ONCE = 20;

const LARGEST_BYTE = 127;

/** Moments of Adam (Kingma & Ba 2015, arXiv:1412.6980). */
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * Learns which colours pictures have: all colours of the images, and a logistic regression of whether a picture of a label and
 * attributes has them, by cross-entropy.
 *
 * @param indices the images to learn from
 * @throws        RangeError when they have more than 1024 colours, as pictures with gradients do; the signal's reason
 */
export async function fitPalettePrior(
  dataset: Dataset,
  indices: Int32Array,
  options: Partial<FitPaletteOptions> = {},
): Promise<PalettePrior> {
  const chosen = { ...FIT_PALETTE_DEFAULTS, ...definedOf(options) };
  const { colours, present, isCut } = coloursOfImages(dataset, indices);
  const rows = rowsOfImages(dataset, indices);
  const numRows = numPaletteRows(dataset.labels.length, vocabularyOf(dataset.attributes));
  const logits = await fitLogits({ rows, present, numRows, numColours: colours.length }, chosen);
  return {
    colours: Uint8Array.from(colours.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff])),
    logits: Int8Array.from(logits, (logit) =>
      Math.max(-LARGEST_BYTE, Math.min(LARGEST_BYTE, Math.round(logit / LOGIT_STEP))),
    ),
    deviation: chosen.deviation,
    sure: chosen.sure,
    ...(isCut && { isCut }),
  };
}

/**
 * All colours, 24 bits each, the most frequent first; of each image the places of those that it has; and whether some are cut out of
 * clear ground, with nothing between.
 */
function coloursOfImages(dataset: Dataset, indices: Int32Array) {
  const counts = new Map<number, number>();
  let isCut = true;
  const perImage = Array.from(indices, (image) => {
    const picture = pictureAt(dataset, image);
    isCut &&= isCutOut(picture);
    const own = countColours(picture);
    for (const [colour, count] of own) counts.set(colour, (counts.get(colour) ?? 0) + count);
    if (counts.size > MAX_PALETTE_COLOURS) {
      throw new RangeError(
        `fitPalettePrior: the images have more than ${MAX_PALETTE_COLOURS} colours; expected pixel art of few`,
      );
    }
    return [...own.keys()];
  });
  if (counts.size === 0) {
    throw new RangeError('fitPalettePrior: every pixel of the images is clear; expected some that show a colour');
  }
  const colours = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  const places = new Map(colours.map((colour, place) => [colour, place]));
  return { colours, present: perImage.map((own) => Uint16Array.from(own, (colour) => places.get(colour)!)), isCut };
}

function isCutOut({ pixels, channels }: ReturnType<typeof pictureAt>): boolean {
  return channels === 4 && pixels.every((value, i) => i % 4 !== 3 || value === 0 || value === 255);
}

function countColours({ pixels, channels }: ReturnType<typeof pictureAt>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += channels) {
    if (channels === 4 && pixels[at + 3]! < HALF_OPAQUE) continue;
    const colour = colourAt(pixels, at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return counts;
}

/** The rows of logits that an image takes, when the attributes at some places are left out. */
type RowsOf = (isOpen: (place: number) => boolean) => [row: number, weight: number][];

function rowsOfImages(dataset: Dataset, indices: Int32Array): RowsOf[] {
  const vocabulary = vocabularyOf(dataset.attributes);
  return Array.from(indices, (image): RowsOf => {
    const classLabel = dataset.classLabels[image]!;
    const known = encodeAttributes('fitPalettePrior', vocabulary, attributesOf(dataset.attributes ?? [], image));
    return (isOpen) => {
      const attributes = known.map((value, place) => (isOpen(place) ? ANY : value));
      return paletteRows(dataset.labels.length, vocabulary, { classLabel, attributes });
    };
  });
}

interface Presence {
  rows: readonly RowsOf[];
  present: readonly Uint16Array[];
  numRows: number;
  numColours: number;
}

/** @returns (rows, colours) */
async function fitLogits({ rows, present, numRows, numColours }: Presence, options: FitPaletteOptions) {
  const { numEpochs, batchSize, learningRate, weightDecay, openProb, seed, signal, onProgress } = options;
  const adam = new Adam(numRows * numColours);
  const logits = new Float32Array(numRows * numColours);
  const gradient = new Float32Array(logits.length);
  const numBatches = Math.ceil(rows.length / batchSize);
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    const order = permutation(seed, streamAt(PALETTE_STREAMS.order, epoch), rows.length);
    for (let batch = 0; batch < numBatches; batch++) {
      const images = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      for (let i = 0; i < logits.length; i++) gradient[i] = weightDecay * logits[i]!;
      for (const image of images) {
        const draws = [...uniforms(seed, streamAt(PALETTE_STREAMS.open, epoch * rows.length + image), NUM_DRAWS)];
        const ofImage = draws.pop()!;
        const isOpen = (place: number) => ofImage < openProb && draws[place % draws.length]! < openProb;
        addGradient(gradient, logits, rows[image]!(isOpen), present[image]!, 1 / images.length, numColours);
      }
      const share = (epoch * numBatches + batch) / (numEpochs * numBatches);
      adam.step(logits, gradient, learningRate * (1 - share));
      if (batch % BATCHES_AT_ONCE === 0) {
        signal?.throwIfAborted();
        await onProgress?.(share);
      }
    }
  }
  return logits;
}

/** Adds an image's share of the gradient of the cross-entropy: (p − y) to each of its rows. */
function addGradient(
  gradient: Float32Array,
  logits: Float32Array,
  rows: [row: number, weight: number][],
  present: Uint16Array,
  share: number,
  numColours: number,
): void {
  const error = new Float32Array(numColours);
  for (const [row, weight] of rows) {
    for (let i = 0; i < numColours; i++) error[i]! += weight * logits[row * numColours + i]!;
  }
  for (let i = 0; i < numColours; i++) error[i] = share / (1 + Math.exp(-error[i]!));
  for (const i of present) error[i]! -= share;
  for (const [row, weight] of rows) {
    for (let i = 0; i < numColours; i++) gradient[row * numColours + i]! += weight * error[i]!;
  }
}

/** One optimiser of a flat array; the trainers of networks have that of their tensors. */
class Adam {
  private readonly m: Float32Array;
  private readonly v: Float32Array;
  private numSteps = 0;

  constructor(length: number) {
    this.m = new Float32Array(length);
    this.v = new Float32Array(length);
  }

  step(values: Float32Array, gradient: Float32Array, learningRate: number): void {
    const { m, v } = this;
    this.numSteps += 1;
    const [correction1, correction2] = [1 - BETA1 ** this.numSteps, 1 - BETA2 ** this.numSteps];
    for (let i = 0; i < values.length; i++) {
      m[i] = BETA1 * m[i]! + (1 - BETA1) * gradient[i]!;
      v[i] = BETA2 * v[i]! + (1 - BETA2) * gradient[i]! ** 2;
      values[i]! -= (learningRate * (m[i]! / correction1)) / (Math.sqrt(v[i]! / correction2) + EPSILON);
    }
  }
}
