import * as tf from '@tensorflow/tfjs-core';
import { levelOf, levelsOf } from './noiseLevel.ts';
import { toX0 } from './prediction.ts';
import { assertIndex, type Sampler, type SamplerOptions } from './samplerType.ts';
import { alphaBarOf, createSchedule, sigmasAt } from './schedule.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';
import { timesteps } from './timesteps.ts';
import { weightedSum } from './weightedSum.ts';

const NAME = 'dpm++';

/** Below this many steps `lower_order_final` makes the last one first-order. */
const FEW_STEPS = 15;

/**
 * DPM-Solver++(2M): a second-order multistep method for the probability-flow ODE in terms of x0, solved in
 * lambda = −log sigma. With h the step in lambda and r = (step before) / h:
 *
 *   d   = x0Pred + (x0Pred − x0Pred of the step before) / (2 r)      second order; first order has d = x0Pred
 *   xt' = (noise' / noise) · xt + signal' · (1 − exp(−h)) · d        signal = sqrt(alphaBar), noise = sqrt(1 − alphaBar)
 *
 * The first step is first-order, and so is one after a jump. The last one is where it goes to sigma 0, where h is infinite, and
 * where the config says so: `euler_at_final`, or `lower_order_final` with few steps.
 * Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2.
 */
export function createDpmSolver(config: SchedulerConfig, options: SamplerOptions): Sampler {
  const steps = timesteps(config, options.numInferenceSteps, NAME);
  const sigmas = sigmasAt(createSchedule(config), steps, config.finalSigmasType);
  let previous: { index: number; x0Pred: tf.Tensor } | undefined;

  const remember = (index: number, x0Pred: tf.Tensor) => {
    previous?.x0Pred.dispose();
    previous = { index, x0Pred: tf.keep(tf.clone(x0Pred)) };
  };

  const isSecondOrder = (index: number) =>
    config.solverOrder === 2 &&
    previous?.index === index - 1 &&
    !(index === steps.length - 1 && endsLow(config, steps));

  const direction = <T extends tf.Tensor>(index: number, x0Pred: T): T => {
    if (!isSecondOrder(index)) return tf.clone(x0Pred);
    const twoR = (2 * lambdaStep(sigmas, index - 1)) / lambdaStep(sigmas, index);
    return weightedSum(1 + 1 / twoR, x0Pred, -1 / twoR, previous!.x0Pred as T);
  };

  return {
    name: NAME,
    timesteps: steps,
    initNoiseSigma: 1,
    needsNoise: false,
    level: levelsOf(NAME, steps, (index) => levelOf(alphaBarOf(sigmas[index]!))),
    scaleInput: (xt) => tf.clone(xt),
    remember,
    dispose: () => {
      previous?.x0Pred.dispose();
      previous = undefined;
    },
    step<T extends tf.Tensor>(modelOutput: T, index: number, xt: T) {
      assertIndex(NAME, index, steps);
      return tf.tidy(() => {
        const from = alphaBarOf(sigmas[index]!);
        const to = alphaBarOf(sigmas[index + 1]!);
        const x0Pred = toX0(config.predictionType, modelOutput, xt, from);
        const decay = Math.sqrt((1 - to) / (1 - from));
        const gain = -Math.sqrt(to) * Math.expm1(-lambdaStep(sigmas, index));
        const next = weightedSum(decay, xt, gain, direction(index, x0Pred));
        remember(index, x0Pred);
        return { xt: next, x0Pred };
      });
    },
  };
}

/** Whether the last step is first-order. */
function endsLow(config: SchedulerConfig, steps: readonly number[]): boolean {
  const fewSteps = config.lowerOrderFinal && steps.length < FEW_STEPS;
  return config.eulerAtFinal || fewSteps || config.finalSigmasType === 'zero';
}

/** The size of a step in lambda = −log sigma; infinite for a step to sigma 0. */
function lambdaStep(sigmas: readonly number[], index: number): number {
  return Math.log(sigmas[index]!) - Math.log(sigmas[index + 1]!);
}
