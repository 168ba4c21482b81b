/** The forward process q: noising, between any two levels too, its posterior, and the target of a v-predicting network. */

import * as tf from '@tensorflow/tfjs-core';
import { type NoiseLevel, noiseShare } from './noiseLevel.ts';
import { alphaBar, type Schedule, trainedAlphaBar } from './schedule.ts';
import { weightedSum } from './weightedSum.ts';

/**
 * Noises clean images to step t: one draw from q(xt | x0).
 *
 *   xt = sqrt(alphaBar) · x0 + sqrt(1 − alphaBar) · eps
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, eq. (4).
 * @param x0  float32 (B, H, W, C), range [-1, 1]
 * @param t   (B) whole numbers, 0 … numTrainTimesteps − 1
 * @param eps standard normal, shape of x0
 * @returns   xt, shape of x0; the caller disposes it
 * @throws    RangeError when shapes differ or a t is outside
 */
export function qSample<T extends tf.Tensor>(schedule: Schedule, x0: T, t: ArrayLike<number>, eps: T): T {
  assertSameShape('qSample', { x0, eps }, t);
  const alphaBars = alphaBarsAt(schedule, t);
  return weightedSum(alphaBars.map(Math.sqrt), x0, alphaBars.map(noiseShare), eps);
}

/**
 * Adds the noise that is missing between two levels: one draw from q(x at `to` | x at `from`).
 *
 *   x' = ratio · x + sqrt(noise'² − ratio² · noise²) · eps,   ratio = signal' / signal
 *
 * From `CLEAN` it noises an image to any level, as SDEdit does; from the level after a step it goes back to the one before,
 * as RePaint does.
 * Sources: Meng et al. 2022, arXiv:2108.01073, algorithm 1; Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1, line 9.
 * @param x   at the level `from`
 * @param to  with at least as much noise for its signal as `from`
 * @param eps standard normal, shape of x
 * @returns   shape of x; the caller disposes it
 * @throws    RangeError when `to` has less noise for its signal
 */
export function renoise<T extends tf.Tensor>(x: T, from: NoiseLevel, to: NoiseLevel, eps: T): T {
  if (to.noise * from.signal < from.noise * to.signal) {
    throw new RangeError(
      `renoise: the level to go to (signal ${to.signal}, noise ${to.noise}) has less noise than the one from ` +
        `(signal ${from.signal}, noise ${from.noise}); only a step of a sampler takes noise away`,
    );
  }
  const ratio = to.signal === 0 ? 0 : to.signal / from.signal;
  const added = Math.sqrt(Math.max(to.noise ** 2 - (ratio * from.noise) ** 2, 0));
  return tf.tidy(() => weightedSum(ratio, x, added, eps));
}

/**
 * The target of a v-predicting network.
 *
 *   v = sqrt(alphaBar) · eps − sqrt(1 − alphaBar) · x0
 *
 * Source: Salimans & Ho 2022, arXiv:2202.00512, section 4 and appendix D.
 * @param x0  float32 (B, H, W, C)
 * @param t   (B) whole numbers, 0 … numTrainTimesteps − 1
 * @param eps standard normal, shape of x0
 * @returns   v, shape of x0; the caller disposes it
 * @throws    RangeError when shapes differ or a t is outside
 */
export function vTarget<T extends tf.Tensor>(schedule: Schedule, x0: T, t: ArrayLike<number>, eps: T): T {
  assertSameShape('vTarget', { x0, eps }, t);
  const alphaBars = alphaBarsAt(schedule, t);
  return weightedSum(
    alphaBars.map(Math.sqrt),
    eps,
    alphaBars.map((value) => -noiseShare(value)),
    x0,
  );
}

/** Mean (a tensor: the caller disposes it) and variance, one number for each image. */
export interface Posterior<T extends tf.Tensor> {
  mean: T;
  variance: Float64Array;
}

/**
 * The distribution q(xt−1 | xt, x0) of the previous step when the clean image is known.
 *
 *   mean     = sqrt(alphaBar') · beta / (1 − alphaBar) · x0 + sqrt(1 − beta) · (1 − alphaBar') / (1 − alphaBar) · xt
 *   variance = (1 − alphaBar') / (1 − alphaBar) · beta                                   (alphaBar' is that of t − 1)
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, eq. (6) and (7).
 * @param x0 float32 (B, H, W, C)
 * @param xt shape of x0
 * @param t  (B) whole numbers, 0 … numTrainTimesteps − 1
 * @throws   RangeError when shapes differ or a t is outside
 */
export function posterior<T extends tf.Tensor>(schedule: Schedule, x0: T, xt: T, t: ArrayLike<number>): Posterior<T> {
  assertSameShape('posterior', { x0, xt }, t);
  const weights = Array.from(t, (step) =>
    posteriorWeights(trainedAlphaBar(schedule, step), step > 0 ? alphaBar(schedule, step - 1) : 1),
  );
  const ofX0 = weights.map((w) => w.x0);
  const ofXt = weights.map((w) => w.xt);
  const mean = weightedSum(ofX0, x0, ofXt, xt);
  return { mean, variance: Float64Array.from(weights, (w) => w.variance) };
}

export interface PosteriorWeights {
  x0: number; // of x0 in the mean
  xt: number; // of xt in the mean
  variance: number;
  beta: number; // 1 − alphaBar / alphaBarPrev, the beta of the step
}

/** The coefficients of `posterior` for a step from alphaBar to any earlier alphaBarPrev, as when timesteps are skipped. */
export function posteriorWeights(alphaBar: number, alphaBarPrev: number): PosteriorWeights {
  const beta = 1 - alphaBar / alphaBarPrev;
  return {
    x0: (Math.sqrt(alphaBarPrev) * beta) / (1 - alphaBar),
    xt: (Math.sqrt(1 - beta) * (1 - alphaBarPrev)) / (1 - alphaBar),
    variance: ((1 - alphaBarPrev) / (1 - alphaBar)) * beta,
    beta,
  };
}

function alphaBarsAt(schedule: Schedule, t: ArrayLike<number>): number[] {
  return Array.from(t, (step) => trainedAlphaBar(schedule, step));
}

function assertSameShape(operation: string, tensors: Record<string, tf.Tensor>, t: ArrayLike<number>): void {
  const [[nameA, a], [nameB, b]] = Object.entries(tensors) as [[string, tf.Tensor], [string, tf.Tensor]];
  if (a.shape.join() !== b.shape.join()) {
    throw new RangeError(`${operation}: ${nameB} has shape (${b.shape}); expected the shape of ${nameA}, (${a.shape})`);
  }
  if (t.length !== a.shape[0]) {
    throw new RangeError(`${operation}: t has ${t.length} values; expected one for each of the ${a.shape[0]} images`);
  }
}
