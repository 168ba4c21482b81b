import {
  type Accuracy,
  accuracyOf,
  classifyImages,
  drawPerClass,
  type ImageSet,
  spreadPerClass,
} from '../../../runtime/index.ts';
import { frechetDistance, type Gaussian, gaussianOf } from './frechet.ts';
import type { OpenClassifier } from './openClassifier.ts';

/** What the judge says of one set of images. */
export interface Measured {
  accuracy: Accuracy;
  /** Of as many features a class as `measure` was asked for. */
  gaussian: Gaussian;
  /** Mean feature distance between two images, of each class. */
  spread: number[];
}

/** @param perClass images of each class that the Gaussian is estimated from: alike in all sets to be compared */
export async function measure(classifier: OpenClassifier, images: ImageSet, perClass: number): Promise<Measured> {
  const { config, weights } = classifier;
  const { features, numFeatures, predicted } = await classifyImages(config, weights, images);
  const drawn = drawPerClass(images.classLabels, config.num_labels, perClass, 0);
  return {
    accuracy: accuracyOf(predicted, images.classLabels, config.num_labels),
    gaussian: gaussianOf(pickRows(features, numFeatures, drawn), numFeatures),
    spread: spreadPerClass(features, numFeatures, images.classLabels, config.num_labels),
  };
}

function pickRows(values: Float32Array, rowLength: number, rows: Int32Array): Float32Array {
  const picked = new Float32Array(rows.length * rowLength);
  rows.forEach((row, i) => {
    picked.set(values.subarray(row * rowLength, (row + 1) * rowLength), i * rowLength);
  });
  return picked;
}

export interface GuidanceMetrics {
  accuracy: number;
  /** Classes recognised less often than WEAK_ACCURACY. */
  weakClasses: string[];
  frechetDistanceToHeldOut: number;
  spreadRelativeToReal: number;
  accuracyPerClass: Record<string, number>;
  spreadRelativeToRealPerClass: Record<string, number>;
}

const WEAK_ACCURACY = 0.5;

/** Generated images beside real ones. */
export function compareWithReal(generated: Measured, real: Measured, labels: readonly string[]): GuidanceMetrics {
  const { overall, perClass } = generated.accuracy;
  const relative = generated.spread.map((spread, label) => spread / real.spread[label]!);
  return {
    accuracy: overall,
    weakClasses: labels.filter((_, label) => perClass[label]! < WEAK_ACCURACY),
    frechetDistanceToHeldOut: frechetDistance(generated.gaussian, real.gaussian),
    spreadRelativeToReal: relative.reduce((a, b) => a + b, 0) / relative.length,
    accuracyPerClass: byLabel(labels, perClass),
    spreadRelativeToRealPerClass: byLabel(labels, relative),
  };
}

export function byLabel<T>(labels: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(labels.map((label, i) => [label, values[i]!]));
}
