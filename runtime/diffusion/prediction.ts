/** Conversions among the three things a network may predict: the noise, v, and the clean image. */
import * as tf from '@tensorflow/tfjs-core';
import { noiseShare } from './noiseLevel.ts';
import type { PredictionType, SchedulerConfig } from './schedulerConfig.ts';
import { type Coefficient, weightedSum } from './weightedSum.ts';

/**
 * The clean image that a network's output stands for.
 *
 *   epsilon        x0 = (xt − sqrt(1 − alphaBar) · output) / sqrt(alphaBar)
 *   v_prediction   x0 = sqrt(alphaBar) · xt − sqrt(1 − alphaBar) · output
 *   sample         x0 = output
 *
 * @param alphaBar one number, or one for each image
 * @returns        shape of xt; the caller disposes it
 * @throws         RangeError for epsilon where alphaBar is 0: pure noise says nothing about x0
 */
export function toX0<T extends tf.Tensor>(
  predictionType: PredictionType,
  modelOutput: T,
  xt: T,
  alphaBar: Coefficient,
): T {
  switch (predictionType) {
    case 'epsilon':
      assertAll('toX0', alphaBar, (value) => value > 0, 'epsilon prediction', 'above 0');
      return weightedSum(
        mapped(alphaBar, (value) => 1 / Math.sqrt(value)),
        xt,
        mapped(alphaBar, (value) => -noiseShare(value) / Math.sqrt(value)),
        modelOutput,
      );
    case 'v_prediction':
      return weightedSum(
        mapped(alphaBar, Math.sqrt),
        xt,
        mapped(alphaBar, (value) => -noiseShare(value)),
        modelOutput,
      );
    case 'sample':
      return tf.clone(modelOutput);
  }
}

/**
 * The noise that a network's output stands for.
 *
 *   epsilon        eps = output
 *   v_prediction   eps = sqrt(1 − alphaBar) · xt + sqrt(alphaBar) · output
 *   sample         eps = (xt − sqrt(alphaBar) · output) / sqrt(1 − alphaBar)
 *
 * @param alphaBar one number, or one for each image
 * @returns        shape of xt; the caller disposes it
 * @throws         RangeError for sample where alphaBar is 1: there is no noise to find
 */
export function toEps<T extends tf.Tensor>(
  predictionType: PredictionType,
  modelOutput: T,
  xt: T,
  alphaBar: Coefficient,
): T {
  switch (predictionType) {
    case 'epsilon':
      return tf.clone(modelOutput);
    case 'v_prediction':
      return weightedSum(mapped(alphaBar, noiseShare), xt, mapped(alphaBar, Math.sqrt), modelOutput);
    case 'sample':
      assertAll('toEps', alphaBar, (value) => value < 1, 'sample prediction', 'below 1');
      return weightedSum(
        mapped(alphaBar, (value) => 1 / noiseShare(value)),
        xt,
        mapped(alphaBar, (value) => -Math.sqrt(value) / noiseShare(value)),
        modelOutput,
      );
  }
}

/** The results of `toX0` and of `toEps`; the caller disposes both. */
export function toX0Eps<T extends tf.Tensor>(
  predictionType: PredictionType,
  modelOutput: T,
  xt: T,
  alphaBar: Coefficient,
): { x0: T; eps: T } {
  const x0 = toX0(predictionType, modelOutput, xt, alphaBar);
  const eps = toEps(predictionType, modelOutput, xt, alphaBar);
  return { x0, eps };
}

function mapped(coefficient: Coefficient, f: (value: number) => number): Coefficient {
  return typeof coefficient === 'number' ? f(coefficient) : Array.from(coefficient, f);
}

function assertAll(
  operation: string,
  alphaBar: Coefficient,
  holds: (value: number) => boolean,
  predictionType: string,
  expected: string,
): void {
  const wrong = (typeof alphaBar === 'number' ? [alphaBar] : Array.from(alphaBar)).find((value) => !holds(value));
  if (wrong === undefined) return;
  throw new RangeError(
    `${operation}: alphaBar is ${wrong}; expected ${expected} for ${predictionType}; use v_prediction with a zero ` +
      'terminal SNR',
  );
}

/** x0 within ± clipSampleRange, or a clone when the config does not clip; the caller disposes it. */
export function clipX0<T extends tf.Tensor>(config: SchedulerConfig, x0: T): T {
  if (!config.clipSample) return tf.clone(x0);
  return tf.clipByValue(x0, -config.clipSampleRange, config.clipSampleRange);
}
