/** Data x0 ~ N(mean, std²) in every coordinate: the one data set whose perfect network and exact solution are known. */
import * as tf from '@tensorflow/tfjs-core';
import { normals } from '../core/random.ts';
import type { Sampler } from '../diffusion/samplerType.ts';
import { alphaBar, type Schedule, sigmaOf } from '../diffusion/schedule.ts';

export interface GaussianData {
  mean: number;
  std: number;
}

/** What a perfect network says at alphaBar: E[output | xt], in the schedule's prediction type. */
export function perfectOutput(
  schedule: Schedule,
  data: GaussianData,
  xt: Float32Array,
  alphaBar: number,
): Float32Array {
  const signal = Math.sqrt(alphaBar);
  const noise = Math.sqrt(1 - alphaBar);
  const variance = alphaBar * data.std ** 2 + 1 - alphaBar;
  return xt.map((value) => {
    const standard = (value - signal * data.mean) / variance; // −score
    const x0 = data.mean + data.std ** 2 * signal * standard;
    const eps = noise * standard;
    return { epsilon: eps, sample: x0, v_prediction: signal * eps - noise * x0 }[schedule.predictionType];
  });
}

/**
 * The end of the probability-flow ODE that starts from noise z at the first timestep: (x/signal − mean) / sqrt(std² + sigma²)
 * stays constant along it.
 */
export function exactSolution(schedule: Schedule, data: GaussianData, z: Float32Array, firstT: number): Float32Array {
  const sigma = sigmaOf(alphaBar(schedule, firstT));
  const shrink = data.std / Math.hypot(data.std, sigma);
  return z.map((value) => data.mean + shrink * (value * Math.hypot(1, sigma) - data.mean));
}

/** Runs a sampler over the data from noise z, with fresh noise from stream index + 1 of `seed`. Whole timesteps only. */
export function sampleGaussian(
  sampler: Sampler,
  schedule: Schedule,
  data: GaussianData,
  z: Float32Array,
  seed = 0,
): Float32Array {
  let xt = tf.mul(tf.tensor(z, [1, z.length]), sampler.initNoiseSigma);
  for (const [index, t] of sampler.timesteps.entries()) {
    const next = tf.tidy(() => {
      const input = sampler.scaleInput(xt, index).dataSync() as Float32Array;
      const output = tf.tensor(perfectOutput(schedule, data, input, alphaBar(schedule, t)), xt.shape);
      const noise = sampler.needsNoise ? tf.tensor(normals(seed, index + 1, z.length), xt.shape) : undefined;
      return sampler.step(output, index, xt, noise).xt;
    });
    xt.dispose();
    xt = next;
  }
  const result = xt.dataSync() as Float32Array;
  xt.dispose();
  sampler.dispose();
  return result.slice();
}
