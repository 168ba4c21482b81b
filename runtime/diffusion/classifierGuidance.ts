import type * as tf from '@tensorflow/tfjs-core';
import { levelOf } from './noiseLevel.ts';
import type { PredictionType } from './schedulerConfig.ts';
import { weightedSum } from './weightedSum.ts';

/**
 * Below this share of signal the classifier is not asked. The clean image moves by (1 − alphaBar) / sqrt(alphaBar) times
 * the gradient. The exact gradient shrinks with sqrt(alphaBar), so that the product stays bounded, but the error of a
 * trained classifier's does not, and v, x0 and the step itself grow with it beyond all bounds: at 0.01 it is magnified
 * tenfold, at the first timestep of a cosine schedule 20,000 times.
 */
export const MIN_GUIDED_ALPHA_BAR = 0.01;

/** Whether a classifier guides at this share of signal. */
export function isClassifierGuided(alphaBar: number): boolean {
  return alphaBar >= MIN_GUIDED_ALPHA_BAR;
}

/**
 * Classifier guidance: a network's output, with or without a class, pushed where a classifier of noised images sees a label.
 *
 *   epsGuided = eps − sqrt(1 − alphaBar) · s · ∇_xt log p(label | xt)
 *
 * and the same for the other outputs, whose eps moves by that much at a given xt:
 *
 *   v_prediction   vGuided  = v  − sqrt(1 − alphaBar) / sqrt(alphaBar) · s · ∇
 *   sample         x0Guided = x0 + (1 − alphaBar) / sqrt(alphaBar) · s · ∇
 *
 * Source: Dhariwal & Nichol 2021, arXiv:2105.05233, algorithm 2; the other outputs by the conversions of `toEps`.
 * @param output   of the network at xt, guided by `guidedPrediction` or not
 * @param gradient ∇_xt log p(label | xt), shape of output, of the same xt: that of `scaleInput`, of variance about 1
 * @param alphaBar at least MIN_GUIDED_ALPHA_BAR
 * @param scale    s
 * @returns        shape of output; the caller disposes it
 * @throws         RangeError where alphaBar is too small
 */
export function classifierGuided<T extends tf.Tensor>(
  predictionType: PredictionType,
  output: T,
  gradient: T,
  alphaBar: number,
  scale: number,
): T {
  if (!isClassifierGuided(alphaBar)) {
    throw new RangeError(
      `classifierGuided: alphaBar is ${alphaBar}; expected ${MIN_GUIDED_ALPHA_BAR} or more; take the output as it is`,
    );
  }
  return weightedSum(1, output, scale * outputPerGradient(predictionType, alphaBar), gradient);
}

function outputPerGradient(predictionType: PredictionType, alphaBar: number): number {
  const { signal, noise } = levelOf(alphaBar);
  switch (predictionType) {
    case 'epsilon':
      return -noise;
    case 'v_prediction':
      return -noise / signal;
    case 'sample':
      return noise ** 2 / signal;
  }
}
