/** Replays a trajectory that a diffusers scheduler made, and measures how far ours is from it. */
import * as tf from '@tensorflow/tfjs-core';
import { samplerForConfig } from '../diffusion/sampler.ts';
import type { Sampler } from '../diffusion/samplerType.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { type Deviation, deviationFrom, largerDeviation, NO_DEVIATION } from './deviation.ts';

/** The JSON beside the tensors of a case. */
export interface SchedulerCase {
  scheduler: string; // the diffusers class
  config: Record<string, unknown>;
  num_inference_steps: number;
  timesteps: number[];
}

/**
 * Runs our sampler along a recorded trajectory: the network's outputs (and the noise) are the recorded ones, xt is our
 * own from `x_init` on, so that deviations add up as they would in use.
 *
 * @param tensors `x_init`, and for each step i `model_input_i`, `model_output_i`, `x_{i+1}` and, if noise is drawn,
 *                `noise_i`; any layout, since every operation is elementwise
 * @returns       the largest deviation of any xt or model input
 * @throws        Error when the timesteps are not the recorded ones, or a tensor is missing
 */
export async function runSchedulerCase(
  schedulerCase: SchedulerCase,
  tensors: ReadonlyMap<string, WeightTensor>,
): Promise<Deviation> {
  const json = { _class_name: schedulerCase.scheduler, ...schedulerCase.config };
  const config = parseSchedulerConfig(json, 'the scheduler case');
  const sampler = samplerForConfig(config, schedulerCase.num_inference_steps);
  assertTimesteps(sampler, schedulerCase.timesteps);
  let xt = toTensor(tensors, 'x_init');
  let worst = NO_DEVIATION;
  for (const index of sampler.timesteps.keys()) {
    const input = sampler.scaleInput(xt, index);
    const next = replayStep(sampler, index, xt, tensors);
    worst = largerDeviation(worst, await deviationFrom(input, find(tensors, `model_input_${index}`)));
    worst = largerDeviation(worst, await deviationFrom(next, find(tensors, `x_${index + 1}`)));
    tf.dispose([input, xt]);
    xt = next;
  }
  xt.dispose();
  sampler.dispose();
  return worst;
}

function replayStep(
  sampler: Sampler,
  index: number,
  xt: tf.Tensor,
  tensors: ReadonlyMap<string, WeightTensor>,
): tf.Tensor {
  return tf.tidy(() => {
    const noise = sampler.needsNoise ? toTensor(tensors, `noise_${index}`) : undefined;
    return sampler.step(toTensor(tensors, `model_output_${index}`), index, xt, noise).xt;
  });
}

function toTensor(tensors: ReadonlyMap<string, WeightTensor>, name: string): tf.Tensor {
  const { shape, data } = find(tensors, name);
  return tf.tensor(data, shape, 'float32');
}

function find(tensors: ReadonlyMap<string, WeightTensor>, name: string): WeightTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`runSchedulerCase: the case has no tensor "${name}"; record it again`);
  return tensor;
}

function assertTimesteps(sampler: Sampler, expected: readonly number[]): void {
  if (sampler.timesteps.join() === expected.join()) return;
  throw new Error(`runSchedulerCase: the timesteps are ${sampler.timesteps.join()}; expected ${expected.join()}`);
}
