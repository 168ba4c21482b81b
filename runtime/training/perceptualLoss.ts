// How differently a classifier that has learned the data sees images and what is decoded: it looks at what tells a beard from a
// shadow, where a mean over pixels does not. Its weights stand beside those of the auto-encoder in training alone, and stay as they are.
import { addN, mean, mul, type Scalar, square, sub, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type ClassifierConfig, classifierLevels, classifierShapes } from '../networks/classifier.ts';
import { type Shapes, type Weights, withoutPrefix } from '../networks/layers.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';

const PREFIX = 'loss_network.';

/** Whether a weight of a training belongs to the classifier, which is not trained. */
export const isOfLossNetwork = (name: string) => name.startsWith(PREFIX);

const named = <T>(weights: Iterable<readonly [name: string, value: T]>) =>
  new Map(Array.from(weights, ([name, value]) => [PREFIX + name, value]));

/** The shapes of the classifier's weights, under the names that these have in the training. */
export function lossNetworkShapes(config: ClassifierConfig): Shapes {
  return named(classifierShapes(config));
}

/** The classifier's weights, under the names that they have in the training. */
export function lossNetworkWeights(weights: ReadonlyMap<string, WeightTensor>): Map<string, WeightTensor> {
  return named(weights);
}

/**
 * What the classifier sees in images at each of its levels.
 *
 * @param weights those of the training
 * @param images  float32 (B, H, W, C), H and W halved as often as the classifier has levels
 */
export function seenLevels(config: ClassifierConfig, weights: Weights, images: Tensor4D): Tensor4D[] {
  return classifierLevels(config, withoutPrefix(weights, PREFIX), images);
}

/**
 * The mean squared difference of what a classifier sees in two images at each of its levels, averaged over the levels.
 *
 * Source: the feature reconstruction loss of Johnson et al. 2016, arXiv:1603.08155, eq. (2), of several levels as in Zhang et al.
 * 2018, arXiv:1801.03924.
 * @param target, given the levels of each, as `seenLevels` gives them
 * @returns             scalar, 0 where both are seen alike
 */
export function perceptualDifference(target: Tensor4D[], given: Tensor4D[]): Scalar {
  return tidy(() => {
    const differences = target.map((level, i) => mean(square(sub(level, given[i]!))) as Scalar);
    return mul(addN(differences), 1 / differences.length) as Scalar;
  });
}
