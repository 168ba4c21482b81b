import * as tf from '@tensorflow/tfjs-core';
import { posteriorWeights } from './forward.ts';
import { levelOf, levelsOf } from './noiseLevel.ts';
import { clipX0, toX0Eps } from './prediction.ts';
import { assertIndex, type Sampler, type SamplerOptions } from './samplerType.ts';
import { alphaBar, createSchedule, refuseEpsilonAtZeroSnr } from './schedule.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';
import { timesteps } from './timesteps.ts';
import { weightedSum } from './weightedSum.ts';

const NAME = 'ddim';

/**
 * Denoising diffusion implicit model: from the predicted x0 and eps straight to the earlier timestep t'.
 *
 *   xt' = sqrt(alphaBar') · x0Pred + sqrt(1 − alphaBar' − std²) · epsPred + std · noise,   std = eta · posteriorStd
 *
 * As in diffusers, t' is t − floor(T/n) whatever the spacing, and eps is not derived again from a clipped x0. Where n divides T,
 * t' is the timestep that comes next. With other numbers steps are somewhat too short, which leaves noise in the picture from about
 * a hundred steps on.
 * Source: Song et al. 2021, arXiv:2010.02502, eq. (12) and (16).
 */
export function createDdim(config: SchedulerConfig, options: SamplerOptions): Sampler {
  const schedule = createSchedule(config);
  const steps = timesteps(config, options.numInferenceSteps, NAME);
  const stride = Math.floor(config.numTrainTimesteps / options.numInferenceSteps);
  const eta = options.eta ?? 0;
  assertEta(eta);
  refuseEpsilonAtZeroSnr(NAME, schedule, steps);

  return {
    name: NAME,
    timesteps: steps,
    initNoiseSigma: 1,
    needsNoise: eta > 0,
    level: levelsOf(NAME, steps, (index) => levelOf(alphaBar(schedule, steps[index]!))),
    scaleInput: (xt) => tf.clone(xt),
    dispose: () => {},
    step<T extends tf.Tensor>(modelOutput: T, index: number, xt: T, noise?: T) {
      assertIndex(NAME, index, steps);
      if (eta > 0) assertNoise(noise, index);
      return tf.tidy(() => {
        const alpha = alphaBar(schedule, steps[index]!);
        const alphaPrev = alphaBar(schedule, steps[index]! - stride);
        const { x0, eps } = toX0Eps(schedule.predictionType, modelOutput, xt, alpha);
        const x0Pred = clipX0(config, x0);
        const std = eta * Math.sqrt(posteriorWeights(alpha, alphaPrev).variance);
        const mean = weightedSum(Math.sqrt(alphaPrev), x0Pred, Math.sqrt(Math.max(1 - alphaPrev - std ** 2, 0)), eps);
        return { xt: std > 0 ? weightedSum(1, mean, std, noise!) : mean, x0Pred };
      });
    },
  };
}

function assertEta(eta: number): void {
  if (eta >= 0 && eta <= 1) return;
  throw new RangeError(`ddim: eta is ${eta}; expected 0 (deterministic) to 1 (as noisy as ddpm)`);
}

function assertNoise(noise: tf.Tensor | undefined, index: number): void {
  if (noise !== undefined) return;
  throw new Error(
    `ddim: step ${index} has no noise, but eta is above 0; expected a standard normal tensor of the shape of xt, or eta 0`,
  );
}
