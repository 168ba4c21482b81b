/**
 * Which images a training step sees, and how they are altered. Both depend on (seed, step) alone, so a training that
 * resumes at a step goes on exactly as it would have.
 */
import { toPremultiplied } from '../core/pixels.ts';
import { permutation, uniforms } from '../core/random.ts';
import {
  AUGMENT_DEFAULTS,
  type AugmentOptions,
  CHANNEL_ORDERS,
  flipHorizontal,
  type ImageShape,
  permuteColours,
  shiftCircular,
  shiftClamped,
} from './augment.ts';
import type { Dataset } from './dataset.ts';

export interface BatchIndicesOptions {
  batchSize: number;
  /** Draw the classes equally often, however many images each has. */
  balanced: boolean;
  seed: number;
}

// Streams of the seed; each purpose has 2^28 of them.
const EPOCH_STREAM = 0x80000000;
const ROUND_STREAM = 0x90000000;
const CLASS_STREAM = 0xa0000000;
const AUGMENT_STREAM = 0xb0000000;
const STREAMS_PER_PURPOSE = 2 ** 28;

const DRAWS_PER_IMAGE = 5;

/**
 * Chooses the images of one step.
 *
 * Unbalanced, the steps walk through the images in a random order, a new one for each epoch; a batch may span two epochs.
 * Balanced, they walk through rounds in which every class occurs once, in a random order, and each class walks through its
 * own images in the same way.
 *
 * @param indices     the images to draw from, as indices into the data set
 * @param classLabels int32, the class of every image of the data set
 * @param step        from 0
 * @returns           int32 (batchSize), elements of `indices`
 * @throws            RangeError when there are no images, or a number is not whole
 */
export function batchIndices(
  indices: Int32Array,
  classLabels: Int32Array,
  options: BatchIndicesOptions,
  step: number,
): Int32Array {
  const { batchSize, balanced, seed } = options;
  if (indices.length === 0) throw new RangeError('batchIndices: there are no images; expected at least one index');
  checkWhole('batchIndices', 'batchSize', batchSize, 1);
  checkWhole('batchIndices', 'step', step, 0);
  const classes = balanced ? groupByClass(indices, classLabels) : [];
  const batch = new Int32Array(batchSize);
  for (let slot = 0; slot < batchSize; slot++) {
    const position = step * batchSize + slot;
    batch[slot] = balanced ? drawBalanced(classes, seed, position) : drawInOrder(indices, seed, position);
  }
  return batch;
}

/**
 * Writes the images of a batch as training values: premultiplied, in [-1, 1], augmented.
 *
 * @param indices the images, as indices into the data set
 * @param augment what is left out is off
 * @param seed    uint32; with `step` it fixes how each place of the batch is altered
 * @param out     float32 (B, H, W, C), written whole
 * @throws        RangeError when `out` does not fit, or an option is out of range
 */
export function fillBatch(
  dataset: Pick<Dataset, 'images' | 'widthPx' | 'heightPx' | 'channels'>,
  indices: Int32Array,
  augment: AugmentOptions,
  seed: number,
  step: number,
  out: Float32Array,
): void {
  const { images, channels, widthPx, heightPx } = dataset;
  const length = widthPx * heightPx * channels;
  if (out.length !== indices.length * length) {
    throw new RangeError(`fillBatch: out has ${out.length} values; expected ${indices.length} images of ${length}`);
  }
  const options = checkAugment({ ...AUGMENT_DEFAULTS, ...augment }, dataset);
  const isAltered = options.flip || options.circular || options.shiftPx > 0 || options.permuteChannels > 0;
  const draws = isAltered
    ? uniforms(seed, AUGMENT_STREAM + checkStep(step), indices.length * DRAWS_PER_IMAGE)
    : NO_DRAWS;
  const scratch = isAltered ? new Float32Array(length) : undefined;
  for (let slot = 0; slot < indices.length; slot++) {
    const from = indices[slot]! * length;
    if (!(from >= 0 && from + length <= images.length)) {
      throw new RangeError(
        `fillBatch: image ${indices[slot]} does not exist; expected 0 to ${images.length / length - 1}`,
      );
    }
    const image = out.subarray(slot * length, (slot + 1) * length);
    toPremultiplied(images.subarray(from, from + length), channels, image);
    if (scratch) alter(image, scratch, dataset, options, draws, slot * DRAWS_PER_IMAGE);
  }
}

const NO_DRAWS = new Float64Array(0);

/** Augments one image in place, by five uniform draws: flip, x, y, whether and how the colours change places. */
function alter(
  image: Float32Array,
  scratch: Float32Array,
  size: ImageShape,
  options: Required<AugmentOptions>,
  draws: Float64Array,
  at: number,
): void {
  let current = image;
  let spare = scratch;
  const swap = () => {
    [current, spare] = [spare, current];
  };
  if (options.flip && draws[at]! < 0.5) {
    flipHorizontal(current, spare, size);
    swap();
  }
  if (options.circular) {
    const dx = Math.floor(draws[at + 1]! * size.widthPx);
    const dy = Math.floor(draws[at + 2]! * size.heightPx);
    shiftCircular(current, spare, size, dx, dy);
    swap();
  } else if (options.shiftPx > 0) {
    shiftClamped(current, spare, size, drawShift(draws[at + 1]!, options), drawShift(draws[at + 2]!, options));
    swap();
  }
  if (draws[at + 3]! < options.permuteChannels) {
    permuteColours(current, spare, size, CHANNEL_ORDERS[Math.floor(draws[at + 4]! * CHANNEL_ORDERS.length)]!);
    swap();
  }
  if (current !== image) image.set(current);
}

/** A shift from −shiftPx to +shiftPx, each as likely. */
function drawShift(draw: number, { shiftPx }: Required<AugmentOptions>): number {
  return Math.floor(draw * (2 * shiftPx + 1)) - shiftPx;
}

function drawInOrder(indices: Int32Array, seed: number, position: number): number {
  const epoch = Math.floor(position / indices.length);
  return indices[order(seed, EPOCH_STREAM, epoch, indices.length)[position % indices.length]!]!;
}

function drawBalanced(classes: Int32Array[], seed: number, position: number): number {
  const round = Math.floor(position / classes.length);
  const label = order(seed, ROUND_STREAM, round, classes.length)[position % classes.length]!;
  const members = classes[label]!;
  const cycle = Math.floor(round / members.length);
  const stream = cycle * classes.length + label;
  return members[order(seed, CLASS_STREAM, stream, members.length)[round % members.length]!]!;
}

/** The images of each class that has any, in the order of the classes. */
function groupByClass(indices: Int32Array, classLabels: Int32Array): Int32Array[] {
  const groups: Int32Array[] = [];
  const lengths = countByClass(indices, classLabels);
  const ends = lengths.slice();
  const filled = new Int32Array(indices.length);
  for (let label = 1; label < ends.length; label++) ends[label]! += ends[label - 1]!;
  for (let label = 0; label < ends.length; label++) {
    if (lengths[label]! > 0) groups.push(filled.subarray(ends[label]! - lengths[label]!, ends[label]));
  }
  for (let i = indices.length - 1; i >= 0; i--) filled[--ends[classLabels[indices[i]!]!]!] = indices[i]!;
  return groups;
}

function countByClass(indices: Int32Array, classLabels: Int32Array): number[] {
  const counts: number[] = [];
  for (let i = 0; i < indices.length; i++) {
    const label = classLabels[indices[i]!];
    if (label === undefined) {
      throw new RangeError(`batchIndices: image ${indices[i]} has no class; give a label for each image`);
    }
    while (counts.length <= label) counts.push(0);
    counts[label]!++;
  }
  return counts;
}

// The orders last used, newest last: one order of thousands of images serves hundreds of steps.
const orders = new Map<string, Int32Array>();
const MAX_ORDERS = 64;

function order(seed: number, purpose: number, number: number, count: number): Int32Array {
  const stream = purpose + (number % STREAMS_PER_PURPOSE);
  const key = `${seed} ${stream} ${count}`;
  const found = orders.get(key) ?? permutation(seed, stream, count);
  orders.delete(key);
  orders.set(key, found);
  if (orders.size > MAX_ORDERS) orders.delete(orders.keys().next().value!);
  return found;
}

function checkAugment(options: Required<AugmentOptions>, { widthPx, heightPx }: Pick<Dataset, 'widthPx' | 'heightPx'>) {
  const { shiftPx, permuteChannels } = options;
  const maxShiftPx = Math.min(widthPx, heightPx) - 1;
  if (!Number.isInteger(shiftPx) || shiftPx < 0 || shiftPx > maxShiftPx) {
    throw new RangeError(`fillBatch: shiftPx is ${shiftPx}; expected a whole number from 0 to ${maxShiftPx}`);
  }
  if (!(permuteChannels >= 0 && permuteChannels <= 1)) {
    throw new RangeError(`fillBatch: permuteChannels is ${permuteChannels}; expected a probability from 0 to 1`);
  }
  return options;
}

function checkStep(step: number): number {
  checkWhole('fillBatch', 'step', step, 0);
  return step % STREAMS_PER_PURPOSE;
}

function checkWhole(operation: string, name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min) return;
  throw new RangeError(`${operation}: ${name} is ${value}; expected a whole number from ${min}`);
}
