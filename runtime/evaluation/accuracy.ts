// How often a classifier is right: of labels, and of attributes.
import type { AttributeKind } from '../networks/conditioningConfig.ts';

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
