import * as tf from '@tensorflow/tfjs-core';
import type { PredictionType } from './schedulerConfig.ts';

/**
 * How far guidance moves the predicted noise of each image: the root mean square, over the image's values, of
 *
 *   epsGuided − epsUncond = c · (guided − uncond)
 *
 *   epsilon        c = 1
 *   v_prediction   c = sqrt(alphaBar)
 *   sample         c = sqrt(alphaBar / (1 − alphaBar))
 *
 * In units of the noise, whose root mean square is about 1, so that predictions, samplers and sizes compare.
 *
 * Source: the difference, Ho & Salimans 2022, arXiv:2207.12598, eq. (6); c, from the conversions of `toEps`, in which xt
 * cancels.
 * @param guided, uncond the network's output with guidance and without a class, (B, …)
 * @param alphaBar       the signal's share of the variance at this timestep, 0 … 1
 * @returns              (B); the caller disposes it
 * @throws               RangeError for sample where alphaBar is 1: there is no noise to find
 */
export function guidanceNorm(
  predictionType: PredictionType,
  guided: tf.Tensor,
  uncond: tf.Tensor,
  alphaBar: number,
): tf.Tensor1D {
  const factor = epsPerOutput(predictionType, alphaBar);
  return tf.tidy(() => {
    const axes = guided.shape.map((_, axis) => axis).slice(1);
    const rms = tf.sqrt(tf.mean(tf.square(tf.sub(guided, uncond)), axes));
    return tf.mul<tf.Tensor1D>(rms, factor);
  });
}

/** How much the noise changes, without its sign, when the output that stands for it changes by 1. */
function epsPerOutput(predictionType: PredictionType, alphaBar: number): number {
  switch (predictionType) {
    case 'epsilon':
      return 1;
    case 'v_prediction':
      return Math.sqrt(alphaBar);
    case 'sample':
      if (alphaBar < 1) return Math.sqrt(alphaBar / (1 - alphaBar));
      throw new RangeError(`guidanceNorm: alphaBar is ${alphaBar}; expected below 1 for sample prediction`);
  }
}
