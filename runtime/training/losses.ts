import {
  abs,
  add,
  logSumExp,
  mean,
  mul,
  neg,
  relu,
  reshape,
  type Scalar,
  scalar,
  slice2d,
  slice4d,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { type Schedule, trainedAlphaBar } from '../diffusion/schedule.ts';
import type { PredictionType } from '../diffusion/schedulerConfig.ts';
import { type AttributeKinds, attributeLogits } from '../networks/classifier.ts';
import { klOfValues, type LatentDistribution } from '../networks/latentDistribution.ts';
import { oneHotRows } from '../networks/layers.ts';

/**
 * Kullback–Leibler divergence of q(z | x) from the standard normal, averaged over all latent values: the mean of `klOfValues`.
 *
 * @returns scalar, nats per latent value
 */
export function klDivergence(distribution: LatentDistribution): Scalar {
  return tidy(() => mean(klOfValues(distribution)) as Scalar);
}

export type Reconstruction = 'l1' | 'l2';

/** The mean absolute (l1) or squared (l2) difference over all values. */
export function reconstructionError(kind: Reconstruction, x: Tensor4D, decoded: Tensor4D): Scalar {
  return tidy(() => {
    const difference = sub(decoded, x);
    return mean(kind === 'l1' ? abs(difference) : square(difference)) as Scalar;
  });
}

/**
 * Mean absolute difference of the images' finite differences, down and to the right: what blurs an edge costs, though
 * each pixel is hardly off.
 *
 * Source: Mathieu et al. 2016, arXiv:1511.05440, eq. (6), with α = 1 and signed differences.
 * @param x, decoded float32 (B, H, W, C), H and W at least 2
 */
export function gradientDifference(x: Tensor4D, decoded: Tensor4D): Scalar {
  return tidy(() => {
    const difference = sub(decoded, x) as Tensor4D;
    const [batch, height, width, channels] = difference.shape;
    const part = (y: number, x: number, rows: number, columns: number) =>
      slice4d(difference, [0, y, x, 0], [batch, rows, columns, channels]);
    const down = sub(part(1, 0, height - 1, width), part(0, 0, height - 1, width));
    const right = sub(part(0, 1, height, width - 1), part(0, 0, height, width - 1));
    return mul(add(mean(abs(down)), mean(abs(right))), 0.5) as Scalar;
  });
}

/**
 * Mean absolute difference of the averages of square blocks. Where an image is rough, the sign of one pixel's error says little of
 * a hue that is wrong everywhere; the sign of a block's says it plainly.
 *
 * Source: the absolute differences of a pyramid, Lap1 of Bojanowski et al. 2018, arXiv:1707.05776; this is one coarse level of it.
 * @param x, decoded float32 (B, H, W, C), H and W multiples of `size`
 */
export function coarseDifference(x: Tensor4D, decoded: Tensor4D, size: number): Scalar {
  return tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const [rows, columns] = [height / size, width / size];
    const difference = reshape(sub(decoded, x), [batch * rows, size, width * channels]);
    const averages = mean(reshape(mean(difference, 1), [batch * rows * columns, size, channels]), 1);
    return mean(abs(averages)) as Scalar;
  });
}

/**
 * Mean absolute difference in which some pixels count more than others.
 *
 * @param x, decoded float32 (B, H, W, C)
 * @param weights    float32 (B, H, W, 1), 1 on average
 */
export function weightedDifference(x: Tensor4D, decoded: Tensor4D, weights: Tensor4D): Scalar {
  return tidy(() => mean(mul(abs(sub(decoded, x)), weights)) as Scalar);
}

/**
 * What a discriminator learns by: ½ (relu(1 − real) + relu(1 + fake)), averaged over all values. It is 0 where real images are
 * given at least 1, and decoded ones at most −1.
 *
 * Source: Lim & Ye 2017, arXiv:1705.02894; halved as in Esser et al. 2021, arXiv:2012.09841.
 */
export function hingeLoss(real: Tensor, fake: Tensor): Scalar {
  return tidy(() => mul(add(mean(relu(sub(1, real))), mean(relu(add(1, fake)))), 0.5) as Scalar);
}

/** A decoder is trained by this beside its errors: that the discriminator takes its images for real ones, −fake on average. */
export function realismLoss(fake: Tensor): Scalar {
  return tidy(() => neg(mean(fake)) as Scalar);
}

/**
 * Mean squared error of the network's prediction, each image weighted.
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, eq. (14); weights: Hang et al. 2023, arXiv:2303.09556.
 * @param weights float32 (B, 1, 1, 1), or null for 1
 */
export function diffusionLoss(prediction: Tensor4D, target: Tensor4D, weights: Tensor | null): Scalar {
  return tidy(() => {
    const error = square(sub(prediction, target));
    return mean(weights ? mul(error, weights) : error) as Scalar;
  });
}

/**
 * Cross-entropy of the softmax of logits, mean over the images: log Σ e^logits − logit of the right class. It stays
 * finite for logits of any size.
 *
 * @param logits float32 (B, numLabels)
 * @param oneHot float32 (B, numLabels), 1 at the right class
 * @returns      scalar, nats
 */
export function crossEntropy(logits: Tensor2D, oneHot: Tensor2D): Scalar {
  return tidy(() => mean(sub(logSumExp(logits, 1), sum(mul(logits, oneHot), 1))) as Scalar);
}

/** How far the estimate of a number 0 … 1 may be off without much harm. */
const NUMBER_STD = 0.1;

/**
 * How far a classifier is from the attributes of pictures, in nats: the sum over the attributes of a weighted mean over the
 * pictures. The weights of `attributeWeights` make it the mean over those of which the attribute is known.
 *
 * A word counts by the cross-entropy of the softmax of its logits. A number, 0 … 1, counts by the negative log-likelihood of a
 * Gaussian of deviation `NUMBER_STD` around the estimate, without its constant: by the squared error alone it would count a
 * hundredth of a word, and hardly be learnt beside it.
 *
 * @param kinds      how many words each attribute has, or that it is a number
 * @param logits     float32 (B, logits), as `attributeLogits` lays them out
 * @param attributes (B, attributes): the place of a word in its list, or a number 0 … 1; anything where the weight is 0
 * @param weights    (B, attributes), 0 or more
 * @returns          scalar
 */
export function attributeLoss(
  kinds: AttributeKinds,
  logits: Tensor2D,
  attributes: ArrayLike<number>,
  weights: ArrayLike<number>,
): Scalar {
  const batch = logits.shape[0];
  return tidy(() => {
    const losses = attributeLogits(kinds).map(({ kind, start, size }, place, { length }) => {
      const columnOf = (rows: ArrayLike<number>) => Array.from({ length: batch }, (_, i) => rows[i * length + place]!);
      const values = columnOf(attributes);
      const own = slice2d(logits, [0, start], [batch, size]);
      const target = kind === 'number' ? tensor2d(values, [batch, 1]) : oneHotRows(values, size);
      const ofEach =
        kind === 'number'
          ? mul(sum(square(sub(own, target)), 1), 1 / (2 * NUMBER_STD ** 2))
          : sub(logSumExp(own, 1), sum(mul(own, target), 1));
      return mean(mul(ofEach, tensor1d(columnOf(weights))));
    });
    return losses.reduce<Tensor>((total, loss) => add(total, loss), scalar(0)) as Scalar;
  });
}

/**
 * Weights by which a mean over the pictures of a batch, and over those of its micro-batches, is one over those of which an
 * attribute is known: B / the number of them.
 *
 * @param attributes    (B, attributes), below 0 where one is not known
 * @param numAttributes in each row
 * @returns             (B, attributes); 0 where one is not known
 */
export function attributeWeights(attributes: ArrayLike<number>, numAttributes: number): Float32Array {
  const numKnown = new Array<number>(numAttributes).fill(0);
  const isKnown = Array.from(attributes, (value) => value >= 0);
  for (const [i, known] of isKnown.entries()) if (known) numKnown[i % numAttributes]! += 1;
  const batch = attributes.length / numAttributes;
  return Float32Array.from(isKnown, (known, i) => (known ? batch / numKnown[i % numAttributes]! : 0));
}

/**
 * Weights of the squared error of each image in the training loss: the signal-to-noise ratio, clamped at gamma.
 *
 *   epsilon        min(snr, gamma) / snr
 *   v_prediction   min(snr, gamma) / (snr + 1)
 *   sample         min(snr, gamma)                          snr = alphaBar / (1 − alphaBar)
 *
 * Source: Hang et al. 2023, arXiv:2303.09556, section 3.4 (gamma = 5 there).
 * @param t     (B) whole numbers, 0 … numTrainTimesteps − 1
 * @param gamma above 0; Infinity clamps nothing: each loss then counts as an unweighted loss on eps
 * @returns     (B)
 * @throws      RangeError when gamma is not above 0 or a t is outside
 */
export function minSnrWeights(
  schedule: Schedule,
  t: ArrayLike<number>,
  gamma: number,
  predictionType: PredictionType = schedule.predictionType,
): Float64Array {
  if (!(gamma > 0)) throw new RangeError(`minSnrWeights: gamma is ${gamma}; expected a number above 0, such as 5`);
  return Float64Array.from(t, (step) => {
    const value = trainedAlphaBar(schedule, step);
    const snr = value / (1 - value);
    switch (predictionType) {
      case 'epsilon':
        return snr <= gamma ? 1 : gamma / snr;
      case 'v_prediction':
        return Math.min(snr, gamma) / (snr + 1);
      case 'sample':
        return Math.min(snr, gamma);
    }
  });
}
