/**
 * Which images a training step sees, and how they are altered. Both depend on (seed, step) alone, so a training that
 * resumes at a step goes on exactly as it would have.
 */
import { definedOf } from '../core/definedOf.ts';
import { toPremultiplied } from '../core/pixels.ts';
import { permutation, uniforms } from '../core/random.ts';
import { AUGMENT_STREAMS, ORDER_STREAMS, type Streams, streamAt } from '../core/streams.ts';
import {
  AUGMENT_DEFAULTS,
  type AugmentOptions,
  CHANNEL_ORDERS,
  type ColourTurn,
  crop,
  croppedShape,
  flipHorizontal,
  type ImageShape,
  permuteColours,
  shiftCircular,
  shiftClamped,
  turnColours,
} from './augment.ts';
import type { Dataset } from './dataset.ts';

export interface BatchIndicesOptions {
  batchSize: number;
  /** Draw the classes equally often, however many images each has. */
  balanced: boolean;
  seed: number;
}

const DRAWS_PER_IMAGE = 5;
const DRAWS_PER_JITTER = 5;
const DRAWS_PER_CROP = 2;

// How far the colour jitter goes.
const MAX_STRENGTH = 4;
const MAX_TINT = 0.25;

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
 * @param out     float32 (B, H, W, C), written whole; height and width are those of the crop, where one is taken
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
  const options = checkAugment({ ...AUGMENT_DEFAULTS, ...definedOf(augment) }, dataset);
  const length = widthPx * heightPx * channels;
  const cropped = croppedShape(dataset, options);
  const outLength = cropped.widthPx * cropped.heightPx * channels;
  if (out.length !== indices.length * outLength) {
    throw new RangeError(`fillBatch: out has ${out.length} values; expected ${indices.length} images of ${outLength}`);
  }
  checkWhole('fillBatch', 'step', step, 0);
  const draws = drawsOf(options, indices.length, seed, step);
  const image = new Float32Array(length);
  const scratch = new Float32Array(length);
  for (let slot = 0; slot < indices.length; slot++) {
    const from = indices[slot]! * length;
    if (!(from >= 0 && from + length <= images.length)) {
      throw new RangeError(
        `fillBatch: image ${indices[slot]} does not exist; expected 0 to ${images.length / length - 1}`,
      );
    }
    toPremultiplied(images.subarray(from, from + length), channels, image);
    const altered = alter(image, scratch, dataset, options, draws, slot);
    const [left, top] = cropPlace(dataset, options, draws, slot);
    crop(altered, out.subarray(slot * outLength, (slot + 1) * outLength), dataset, cropped, left, top);
  }
}

/** The uniform draws of a batch by purpose; what is off has none. */
interface Draws {
  /** Five for each image: flip, x, y, whether and how the colours change places. */
  changes: Float64Array;
  /** Five for each image: whether its colours are turned, angle, strength, blue and red of the tint. */
  jitter: Float64Array;
  /** Two for each image: left and top. */
  crop: Float64Array;
}

function drawsOf(options: Required<AugmentOptions>, count: number, seed: number, step: number): Draws {
  const { flip, circular, shiftPx, permuteChannels, colourJitter, cropPx } = options;
  const isChanged = flip || circular || shiftPx > 0 || permuteChannels > 0;
  return {
    changes: isChanged ? uniforms(seed, streamAt(AUGMENT_STREAMS.changes, step), count * DRAWS_PER_IMAGE) : NO_DRAWS,
    jitter:
      colourJitter > 0 ? uniforms(seed, streamAt(AUGMENT_STREAMS.jitter, step), count * DRAWS_PER_JITTER) : NO_DRAWS,
    crop: cropPx > 0 ? uniforms(seed, streamAt(AUGMENT_STREAMS.crop, step), count * DRAWS_PER_CROP) : NO_DRAWS,
  };
}

const NO_DRAWS = new Float64Array(0);

/** Augments one image; the result is in `image` or in `scratch`, both of which are written. */
function alter(
  image: Float32Array,
  scratch: Float32Array,
  size: ImageShape,
  options: Required<AugmentOptions>,
  { changes, jitter }: Draws,
  slot: number,
): Float32Array {
  const at = slot * DRAWS_PER_IMAGE;
  let current = image;
  let spare = scratch;
  const swap = () => {
    [current, spare] = [spare, current];
  };
  if (options.flip && changes[at]! < 0.5) {
    flipHorizontal(current, spare, size);
    swap();
  }
  if (options.circular) {
    const dx = Math.floor(changes[at + 1]! * size.widthPx);
    const dy = Math.floor(changes[at + 2]! * size.heightPx);
    shiftCircular(current, spare, size, dx, dy);
    swap();
  } else if (options.shiftPx > 0) {
    shiftClamped(current, spare, size, drawShift(changes[at + 1]!, options), drawShift(changes[at + 2]!, options));
    swap();
  }
  if (changes[at + 3]! < options.permuteChannels) {
    permuteColours(current, spare, size, CHANNEL_ORDERS[Math.floor(changes[at + 4]! * CHANNEL_ORDERS.length)]!);
    swap();
  }
  if (jitter[slot * DRAWS_PER_JITTER]! < options.colourJitter) {
    turnColours(current, spare, size, drawTurn(jitter, slot * DRAWS_PER_JITTER + 1));
    swap();
  }
  return current;
}

/** Any angle, one to `MAX_STRENGTH` times as strong, tinted by up to `MAX_TINT`, each as likely. */
function drawTurn(draws: Float64Array, at: number): ColourTurn {
  const tint = (draw: number) => (2 * draw - 1) * MAX_TINT;
  return {
    angle: draws[at]! * 2 * Math.PI,
    strength: 1 + draws[at + 1]! * (MAX_STRENGTH - 1),
    tint: [tint(draws[at + 2]!), tint(draws[at + 3]!)],
  };
}

/** The upper left pixel of a crop, each as likely; that of the image where the whole of it is taken. */
function cropPlace(
  { widthPx, heightPx }: ImageShape,
  { cropPx }: Required<AugmentOptions>,
  { crop: draws }: Draws,
  slot: number,
): [left: number, top: number] {
  if (cropPx === 0) return [0, 0];
  const at = slot * DRAWS_PER_CROP;
  return [Math.floor(draws[at]! * (widthPx - cropPx + 1)), Math.floor(draws[at + 1]! * (heightPx - cropPx + 1))];
}

/** A shift from −shiftPx to +shiftPx, each as likely. */
function drawShift(draw: number, { shiftPx }: Required<AugmentOptions>): number {
  return Math.floor(draw * (2 * shiftPx + 1)) - shiftPx;
}

function drawInOrder(indices: Int32Array, seed: number, position: number): number {
  const epoch = Math.floor(position / indices.length);
  return indices[order(seed, ORDER_STREAMS.epoch, epoch, indices.length)[position % indices.length]!]!;
}

function drawBalanced(classes: Int32Array[], seed: number, position: number): number {
  const round = Math.floor(position / classes.length);
  const label = order(seed, ORDER_STREAMS.round, round, classes.length)[position % classes.length]!;
  const members = classes[label]!;
  const cycle = Math.floor(round / members.length);
  const number = cycle * classes.length + label;
  return members[order(seed, ORDER_STREAMS.classOrder, number, members.length)[round % members.length]!]!;
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

function order(seed: number, purpose: Streams, number: number, count: number): Int32Array {
  const stream = streamAt(purpose, number);
  const key = `${seed} ${stream} ${count}`;
  const found = orders.get(key) ?? permutation(seed, stream, count);
  orders.delete(key);
  orders.set(key, found);
  if (orders.size > MAX_ORDERS) orders.delete(orders.keys().next().value!);
  return found;
}

function checkAugment(options: Required<AugmentOptions>, { widthPx, heightPx }: Pick<Dataset, 'widthPx' | 'heightPx'>) {
  const { shiftPx, cropPx } = options;
  const maxShiftPx = Math.min(widthPx, heightPx) - 1;
  if (!Number.isInteger(shiftPx) || shiftPx < 0 || shiftPx > maxShiftPx) {
    throw new RangeError(`fillBatch: shiftPx is ${shiftPx}; expected a whole number from 0 to ${maxShiftPx}`);
  }
  if (!Number.isInteger(cropPx) || cropPx < 0 || cropPx > maxShiftPx + 1) {
    throw new RangeError(`fillBatch: cropPx is ${cropPx}; expected a whole number from 0 to ${maxShiftPx + 1}`);
  }
  for (const name of ['permuteChannels', 'colourJitter'] as const) {
    if (options[name] >= 0 && options[name] <= 1) continue;
    throw new RangeError(`fillBatch: ${name} is ${options[name]}; expected a probability from 0 to 1`);
  }
  return options;
}

function checkWhole(operation: string, name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min) return;
  throw new RangeError(`${operation}: ${name} is ${value}; expected a whole number from ${min}`);
}
