import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { renoise } from './forward.ts';
import { CLEAN } from './noiseLevel.ts';
import { createSampler } from './sampler.ts';
import { createSchedule, sigmaOf } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const COUNT = 20_000;
const NAMES: readonly SamplerName[] = ['ddpm', 'ddim', 'dpm++', 'euler'];
const CONFIG = parseSchedulerConfig(
  {
    _class_name: 'DDIMScheduler',
    beta_schedule: 'squaredcos_cap_v2',
    timestep_spacing: 'trailing',
    clip_sample: false,
  },
  'test',
);

/** Every value of the image. */
const IMAGE = 0.7;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function moments(values: Float32Array): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}

describe('the levels of a sampler', () => {
  it.each(NAMES)('%s: from noise to the image, with the ratio that its timestep has', (name) => {
    const sampler = createSampler(name, CONFIG, { numInferenceSteps: 5 });
    const { alphasCumprod } = createSchedule(CONFIG);
    for (const [index, t] of sampler.timesteps.entries()) {
      const { signal, noise } = sampler.level(index);
      expect(noise / signal).toBeCloseTo(sigmaOf(alphasCumprod[t]!), 9);
      expect(signal ** 2 + noise ** 2).toBeCloseTo(name === 'euler' ? 1 + noise ** 2 : 1, 12);
    }
    expect(sampler.level(5)).toEqual({ signal: 1, noise: 0 });
    for (const index of [-1, 6, 0.5]) expect(() => sampler.level(index)).toThrow(/level .* does not exist; expected/);
  });

  it.each(NAMES)('%s: a perfect step from one level to the next leaves the image at the next', (name) => {
    // The image is constant, so the network knows it: output = eps, and every sampler but ddpm keeps that eps.
    const config = { ...CONFIG, predictionType: 'epsilon' as const };
    const sampler = createSampler(name, config, { numInferenceSteps: 10 });
    const { numTensors } = tf.memory();
    for (const index of [2, 6]) {
      const [from, to] = [sampler.level(index), sampler.level(index + 1)];
      const eps = tf.tensor1d(normals(5, index, COUNT));
      const noise = tf.tensor1d(normals(6, index, COUNT));
      const next = tf.tidy(() => {
        const xt = renoise(tf.fill([COUNT], IMAGE) as tf.Tensor1D, CLEAN, from, eps);
        return sampler.step(eps, index, xt, noise).xt.dataSync() as Float32Array;
      });
      const { mean, std } = moments(next);
      expect(Math.abs(mean - to.signal * IMAGE)).toBeLessThan(0.03 * to.noise);
      expect(Math.abs(std / to.noise - 1)).toBeLessThan(0.03);
      tf.dispose([eps, noise]);
    }
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
