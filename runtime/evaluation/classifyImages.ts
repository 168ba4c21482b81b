import { dispose, tensor4d } from '@tensorflow/tfjs-core';
import { attributeLogits, type ClassifierConfig, classify, numFeatures } from '../networks/classifier.ts';
import type { AttributeKind } from '../networks/conditioningConfig.ts';
import type { Weights } from '../networks/layers.ts';
import type { ImageSet } from './imageSet.ts';

/** A classifier's features and choices for a set of images. */
export interface Judgement {
  /** (N, numFeatures), image after image. */
  features: Float32Array;
  numFeatures: number;
  /** The most likely class of each image, (N). */
  predicted: Int32Array;
  /** What it takes their attributes for, (N, attributes): the place of the likeliest word, or the estimate of a number. */
  attributes: Float32Array;
}

const BATCH = 64;

/** Runs the classifier over all images. */
export async function classifyImages(
  config: ClassifierConfig,
  weights: Weights,
  { values, classLabels, shape }: ImageSet,
): Promise<Judgement> {
  const [height, width, channels] = shape;
  const length = height * width * channels;
  const numColumns = numFeatures(config);
  const features = new Float32Array(classLabels.length * numColumns);
  const predicted = new Int32Array(classLabels.length);
  const attributes = new Float32Array(classLabels.length * Object.keys(config.attributes).length);
  for (let start = 0; start < classLabels.length; start += BATCH) {
    const count = Math.min(BATCH, classLabels.length - start);
    const batch = values.subarray(start * length, (start + count) * length);
    const x = tensor4d(batch, [count, height, width, channels]);
    const result = classify(config, weights, x);
    features.set(await result.features.data<'float32'>(), start * numColumns);
    predicted.set(largest(await result.logits.data<'float32'>(), config.num_labels), start);
    if (result.attributes) {
      const perImage = attributes.length / classLabels.length;
      attributes.set(likeliestValues(await result.attributes.data<'float32'>(), config), start * perImage);
      dispose(result.attributes);
    }
    dispose([x, result.features, result.logits]);
  }
  return { features, numFeatures: numColumns, predicted, attributes };
}

/** (B, attributes) of logits (B, logits of all attributes). */
function likeliestValues(logits: Float32Array, { attributes }: ClassifierConfig): Float32Array {
  const parts = attributeLogits(attributes);
  const { start, size } = parts.at(-1)!;
  const width = start + size;
  return Float32Array.from({ length: (logits.length / width) * parts.length }, (_, i) => {
    const first = Math.floor(i / parts.length) * width;
    const { kind, start, size } = parts[i % parts.length]!;
    const own = logits.subarray(first + start, first + start + size);
    return kind === 'number' ? own[0]! : own.indexOf(Math.max(...own));
  });
}

/** The index of the largest value of each row. */
function largest(logits: Float32Array, numLabels: number): Int32Array {
  return Int32Array.from({ length: logits.length / numLabels }, (_, i) => {
    const row = logits.subarray(i * numLabels, (i + 1) * numLabels);
    return row.indexOf(Math.max(...row));
  });
}

export interface Accuracy {
  /** Share of all images that are recognised as their class, 0 … 1. */
  overall: number;
  /** The share of each class; NaN for a class without images. */
  perClass: number[];
}

/**
 * How often a classifier recognises images as what they are meant to be.
 *
 * @param predicted   int32 (N), the classifier's choice
 * @param classLabels int32 (N), the right class
 * @throws            RangeError when the lengths differ or there are no images
 */
export function accuracyOf(predicted: Int32Array, classLabels: Int32Array, numLabels: number): Accuracy {
  if (predicted.length !== classLabels.length || predicted.length === 0) {
    throw new RangeError(
      `accuracyOf: ${predicted.length} predictions for ${classLabels.length} images; expected one for each, at least one`,
    );
  }
  const [hits, counts] = [new Array<number>(numLabels).fill(0), new Array<number>(numLabels).fill(0)];
  classLabels.forEach((label, i) => {
    counts[label]! += 1;
    if (predicted[i] === label) hits[label]! += 1;
  });
  return {
    overall: hits.reduce((a, b) => a + b, 0) / classLabels.length,
    perClass: hits.map((count, label) => count / counts[label]!),
  };
}

/**
 * How well a classifier reads attributes: of words the share that it reads right, of numbers the rank correlation of estimate
 * and truth, −1 … 1. Images of which an attribute is not known do not count.
 *
 * @param kinds           how many words each attribute has, or that it is a number
 * @param read, expected  (N, attributes), as `classifyImages` and `encodeColumns` give them
 * @returns               one number an attribute, by name; NaN where it is known of too few
 */
export function attributeAccuracy(
  kinds: Readonly<Record<string, AttributeKind>>,
  read: ArrayLike<number>,
  expected: ArrayLike<number>,
): Record<string, number> {
  const entries = Object.entries(kinds);
  return Object.fromEntries(
    entries.map(([name, kind], place) => {
      const pairs: [number, number][] = [];
      for (let i = place; i < expected.length; i += entries.length) {
        if (expected[i]! >= 0) pairs.push([read[i]!, expected[i]!]);
      }
      const right = pairs.filter(([value, truth]) => value === truth).length;
      return [name, kind === 'number' ? rankCorrelation(pairs) : right / pairs.length];
    }),
  );
}

/** Spearman's: the correlation of ranks, of which equal values share their mean; NaN where all are equal. */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number {
  const [a, b] = [ranks(pairs.map(([value]) => value)), ranks(pairs.map(([, value]) => value))];
  const middle = (pairs.length - 1) / 2;
  const covariance = (x: number[], y: number[]) =>
    x.reduce((total, value, i) => total + (value - middle) * (y[i]! - middle), 0);
  return covariance(a, b) / Math.sqrt(covariance(a, a) * covariance(b, b));
}

function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}

/**
 * How different the images of each class are: the mean Euclidean distance between the features of any two of them. Divided
 * by that of real images it measures variety: 1 is as varied as the data, 0 is one picture again and again.
 *
 * @param features    float32 (N, numFeatures)
 * @param classLabels int32 (N)
 * @returns           one number a class; NaN for a class with fewer than two images
 */
export function spreadPerClass(
  features: Float32Array,
  numFeatures: number,
  classLabels: Int32Array,
  numLabels: number,
): number[] {
  const rows: Float32Array[][] = Array.from({ length: numLabels }, () => []);
  classLabels.forEach((label, i) => {
    rows[label]!.push(features.subarray(i * numFeatures, (i + 1) * numFeatures));
  });
  return rows.map(meanPairDistance);
}

function meanPairDistance(rows: Float32Array[]): number {
  let sum = 0;
  for (let i = 1; i < rows.length; i++) {
    for (let j = 0; j < i; j++) sum += euclidean(rows[i]!, rows[j]!);
  }
  return sum / ((rows.length * (rows.length - 1)) / 2);
}

function euclidean(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
