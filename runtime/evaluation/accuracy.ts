// How often a classifier is right: of labels, and of attributes.
import type { AttributeKind } from '../networks/conditioningConfig.ts';

export interface Accuracy {
  /** The mean of `perClass`, 0 … 1: every class counts alike, however many images it has. */
  overall: number;
  /** The share of each class that is recognised; NaN for a class without images, which does not count. */
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
  const hits = Array.from(classLabels, (label, i) => [label, predicted[i] === label] as const);
  const perClass = hitsPerClass(hits, numLabels);
  return { overall: meanOfKnown(perClass), perClass };
}

/**
 * How well a classifier reads attributes: of words the mean over classes of the share that it reads right, so that every class
 * counts alike, of numbers the rank correlation of estimate and truth over all images, −1 … 1. Images of which an attribute is
 * not known do not count.
 *
 * @param kinds           how many words each attribute has, or that it is a number
 * @param read, expected  (N, attributes), as `classifyImages` and `encodeColumns` give them
 * @param classLabels     int32 (N), the class of each image
 * @returns               one number an attribute, by name; NaN where it is known of too few
 */
export function attributeAccuracy(
  kinds: Readonly<Record<string, AttributeKind>>,
  read: ArrayLike<number>,
  expected: ArrayLike<number>,
  classLabels: Int32Array,
): Record<string, number> {
  const entries = Object.entries(kinds);
  const numLabels = classLabels.reduce((most, label) => Math.max(most, label + 1), 0);
  const accuracyAt = (kind: AttributeKind, place: number): number => {
    const known = Array.from(classLabels, (label, image) => ({ label, at: image * entries.length + place })).filter(
      ({ at }) => expected[at]! >= 0,
    );
    if (kind === 'number') return rankCorrelation(known.map(({ at }) => [read[at]!, expected[at]!]));
    const hits = known.map(({ label, at }) => [label, read[at] === expected[at]] as const);
    return meanOfKnown(hitsPerClass(hits, numLabels));
  };
  return Object.fromEntries(entries.map(([name, kind], place) => [name, accuracyAt(kind, place)]));
}

/** The share of hits in each class; NaN for a class without any images. */
function hitsPerClass(images: readonly (readonly [label: number, isHit: boolean])[], numLabels: number): number[] {
  const [hits, counts] = [new Array<number>(numLabels).fill(0), new Array<number>(numLabels).fill(0)];
  for (const [label, isHit] of images) {
    counts[label]! += 1;
    if (isHit) hits[label]! += 1;
  }
  return hits.map((count, label) => count / counts[label]!);
}

function meanOfKnown(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((a, b) => a + b, 0) / known.length;
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
