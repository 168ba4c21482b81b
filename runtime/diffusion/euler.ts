import * as tf from '@tensorflow/tfjs-core';
import { levelsOf } from './noiseLevel.ts';
import { assertIndex, type Sampler, type SamplerOptions } from './samplerType.ts';
import { alphaBarOf, createSchedule, sigmasAt } from './schedule.ts';
import type { PredictionType, SchedulerConfig } from './schedulerConfig.ts';
import { timesteps } from './timesteps.ts';
import { weightedSum } from './weightedSum.ts';

const NAME = 'euler';

/**
 * Euler's method for the probability-flow ODE dx/dsigma = eps. Here xt is x0 + sigma · eps, of variance 1 + sigma², and
 * the network sees xt / sqrt(1 + sigma²).
 *
 *   xt' = xt + (sigma' − sigma) · (xt − x0Pred) / sigma
 *
 * Source: Karras et al. 2022, arXiv:2206.00364, algorithm 2 without churn.
 */
export function createEuler(config: SchedulerConfig, options: SamplerOptions): Sampler {
  const steps = timesteps(config, options.numInferenceSteps, NAME);
  const sigmas = sigmasAt(createSchedule(config), steps, config.finalSigmasType);

  return {
    name: NAME,
    timesteps: steps,
    initNoiseSigma: config.timestepSpacing === 'leading' ? Math.hypot(sigmas[0]!, 1) : sigmas[0]!,
    needsNoise: false,
    level: levelsOf(NAME, steps, (index) => ({ signal: 1, noise: sigmas[index]! })),
    dispose: () => {},
    scaleInput(xt, index) {
      assertIndex(NAME, index, steps);
      return tf.mul(xt, 1 / Math.hypot(sigmas[index]!, 1));
    },
    step<T extends tf.Tensor>(modelOutput: T, index: number, xt: T) {
      assertIndex(NAME, index, steps);
      return tf.tidy(() => {
        const sigma = sigmas[index]!;
        const x0Pred = unscaledToX0(config.predictionType, modelOutput, xt, sigma);
        const ratio = sigmas[index + 1]! / sigma;
        return { xt: weightedSum(ratio, xt, 1 - ratio, x0Pred), x0Pred };
      });
    },
  };
}

/** What `toX0` is of an xt of variance 1, for one of variance 1 + sigma². */
function unscaledToX0<T extends tf.Tensor>(predictionType: PredictionType, modelOutput: T, xt: T, sigma: number): T {
  switch (predictionType) {
    case 'epsilon':
      return weightedSum(1, xt, -sigma, modelOutput);
    case 'v_prediction':
      return weightedSum(alphaBarOf(sigma), xt, -sigma / Math.hypot(sigma, 1), modelOutput);
    case 'sample':
      return tf.clone(modelOutput);
  }
}
