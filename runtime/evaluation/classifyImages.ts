import { dispose, tensor4d } from '@tensorflow/tfjs-core';
import { type ClassifierConfig, classify, numFeatures } from '../networks/classifier.ts';
import type { Weights } from '../networks/layers.ts';
import type { ImageSet } from './imageSet.ts';

/** What the classifier says of each image. */
export interface Judgement {
  /** (N, numFeatures). */
  features: Float32Array;
  numFeatures: number;
  /** The most likely class of each image, (N). */
  predicted: Int32Array;
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
  for (let start = 0; start < classLabels.length; start += BATCH) {
    const count = Math.min(BATCH, classLabels.length - start);
    const batch = values.subarray(start * length, (start + count) * length);
    const x = tensor4d(batch, [count, height, width, channels]);
    const result = classify(config, weights, x);
    features.set(await result.features.data<'float32'>(), start * numColumns);
    predicted.set(largest(await result.logits.data<'float32'>(), config.num_labels), start);
    dispose([x, result.features, result.logits]);
  }
  return { features, numFeatures: numColumns, predicted };
}

/** The index of the largest value of each row. */
function largest(logits: Float32Array, numLabels: number): Int32Array {
  return Int32Array.from({ length: logits.length / numLabels }, (_, i) => {
    const row = logits.subarray(i * numLabels, (i + 1) * numLabels);
    return row.indexOf(Math.max(...row));
  });
}
