// How differently a classifier that has learned the data sees images and what is decoded: it looks at what tells a beard from a
// shadow, where a mean over pixels does not. Its weights stand beside those of the auto-encoder in training alone, and stay as they are.
import {
  add,
  addN,
  div,
  matMul,
  mean,
  mul,
  reshape,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
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
  return tidy(() => meanOf(target.map((level, i) => mean(square(sub(level, given[i]!))) as Scalar)));
}

/**
 * How differently grain and patterns are made, wherever they lie: at each level, how strongly features vary over the image, and which of
 * them together. Of an image with the features f (positions, channels), less their means, that is G = fᵀ f / positions; the norm of the
 * difference of two is divided by that of the target's, and averaged over images and levels, so that a faint grain counts as any other.
 *
 * Source: Gatys et al. 2015, arXiv:1505.07376, eq. (3), and the style reconstruction loss of Johnson et al. 2016,
 * arXiv:1603.08155, eq. (4), whose Gram matrices have the means in them, which here drown all else.
 * @param target, given the levels of each, as `seenLevels` gives them
 * @returns             scalar, 0 where both have the same grain; 1 where nothing varies in what is given
 */
export function styleDifference(target: Tensor4D[], given: Tensor4D[]): Scalar {
  return tidy(() => {
    const ofLevels = target.map((level, i) => {
      const known = covariances(level);
      return mean(div(normsOf(sub(known, covariances(given[i]!))), normsOf(known))) as Scalar;
    });
    return meanOf(ofLevels);
  });
}

/** The norm of each matrix (B, C, C), which is never zero, as one in which nothing varies would be. */
function normsOf(matrices: Tensor3D): Tensor1D {
  return sqrt(add(sum(square(matrices), [1, 2]), SMALLEST ** 2)) as Tensor1D;
}

const SMALLEST = 1e-5;

/** Which features of images (B, h, w, C) vary together, (B, C, C). */
function covariances(level: Tensor4D): Tensor3D {
  const [batch, height, width, channels] = level.shape;
  const features = reshape(level, [batch, height * width, channels]);
  const varied = sub(features, mean(features, 1, true));
  return mul(matMul(varied, varied, true, false), 1 / (height * width)) as Tensor3D;
}

const meanOf = (values: Scalar[]) => mul(addN(values), 1 / values.length) as Scalar;
