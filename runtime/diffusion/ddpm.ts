import * as tf from '@tensorflow/tfjs-core';
import { posteriorWeights } from './forward.ts';
import { levelOf, levelsOf } from './noiseLevel.ts';
import { clipX0, toX0 } from './prediction.ts';
import { assertIndex, type Sampler, type SamplerOptions } from './samplerType.ts';
import { alphaBar, createSchedule, refuseEpsilonAtZeroSnr } from './schedule.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';
import { timesteps } from './timesteps.ts';
import { weightedSum } from './weightedSum.ts';

const NAME = 'ddpm';
const MIN_VARIANCE = 1e-20;

/**
 * Ancestral sampling: each step is a draw from q(xt' | xt, x0Pred), t' being the next of the timesteps in use.
 *
 *   xt' = posterior mean + posteriorStd · noise,   no noise at t = 0
 *
 * fixed_small takes the posterior's variance, fixed_large the step's beta. As in diffusers, a last step above t = 0
 * (trailing spacing) adds its noise too, which is visible with fixed_large.
 * Source: Ho et al. 2020, arXiv:2006.11239, algorithm 2 and section 3.2.
 */
export function createDdpm(config: SchedulerConfig, options: SamplerOptions): Sampler {
  const schedule = createSchedule({ ...config, setAlphaToOne: true });
  const steps = timesteps(config, options.numInferenceSteps, NAME);
  const varianceType = options.varianceType ?? config.varianceType;
  refuseEpsilonAtZeroSnr(NAME, schedule, steps);

  const weightsAt = (index: number) =>
    posteriorWeights(alphaBar(schedule, steps[index]!), alphaBar(schedule, steps[index + 1] ?? -1));

  const posteriorStdAt = (index: number) => {
    if (steps[index] === 0) return 0;
    const { variance, beta } = weightsAt(index);
    return Math.sqrt(varianceType === 'fixed_large' ? beta : Math.max(variance, MIN_VARIANCE));
  };

  return {
    name: NAME,
    timesteps: steps,
    initNoiseSigma: 1,
    needsNoise: true,
    level: levelsOf(NAME, steps, (index) => levelOf(alphaBar(schedule, steps[index]!))),
    scaleInput: (xt) => tf.clone(xt),
    dispose: () => {},
    step<T extends tf.Tensor>(modelOutput: T, index: number, xt: T, noise?: T) {
      assertIndex(NAME, index, steps);
      const posteriorStd = posteriorStdAt(index);
      if (posteriorStd > 0) assertNoise(noise, index, steps[index]!);
      return tf.tidy(() => {
        const alpha = alphaBar(schedule, steps[index]!);
        const x0Pred = clipX0(config, toX0(schedule.predictionType, modelOutput, xt, alpha));
        const weights = weightsAt(index);
        const mean = weightedSum(weights.x0, x0Pred, weights.xt, xt);
        return { xt: posteriorStd > 0 ? weightedSum(1, mean, posteriorStd, noise!) : mean, x0Pred };
      });
    },
  };
}

function assertNoise(noise: tf.Tensor | undefined, index: number, t: number): void {
  if (noise !== undefined) return;
  throw new Error(`ddpm: step ${index} (t = ${t}) has no noise; expected a standard normal tensor of the shape of xt`);
}
