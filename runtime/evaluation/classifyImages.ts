import { dispose, tensor4d } from '@tensorflow/tfjs-core';
import { attributeLogits, type ClassifierConfig, classify, numFeatures } from '../networks/classifier.ts';
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
