import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { CLEAN, levelOf, type NoiseLevel, renoise } from './noiseLevel.ts';
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

/** Renoises the image to each level in turn, with a noise of its own. */
function throughLevels(levels: readonly NoiseLevel[]): Float32Array {
  return tf.tidy(() => {
    let x: tf.Tensor1D = tf.fill([COUNT], IMAGE);
    for (const [i, to] of levels.entries()) {
      x = renoise(x, levels[i - 1] ?? CLEAN, to, tf.tensor1d(normals(3, i, COUNT)));
    }
    return x.dataSync() as Float32Array;
  });
}

function moments(values: Float32Array): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}

describe('renoise', () => {
  it.each([
    ['of variance 1', [0.9, 0.5, 0.02].map(levelOf)],
    ['of variance 1, to pure noise', [0.7, 0].map(levelOf)],
    ['that keep the signal', [0.5, 3, 80].map((noise) => ({ signal: 1, noise }))],
  ])('comes to the same distribution in one go and by levels in between: %s', (_, levels) => {
    const { signal, noise } = levels.at(-1)!;
    for (const way of [levels, levels.slice(-1)]) {
      const { mean, std } = moments(throughLevels(way));
      // The standard errors of the mean and of the standard deviation are noise / sqrt(n) and noise / sqrt(2n).
      expect(Math.abs(mean - signal * IMAGE)).toBeLessThan((4 * noise) / Math.sqrt(COUNT));
      expect(Math.abs(std - noise)).toBeLessThan((4 * noise) / Math.sqrt(2 * COUNT));
    }
  });

  it('weighs x and eps by the closed form', () => {
    const [from, to] = [levelOf(0.64), levelOf(0.36)];
    const value = tf.tidy(() => renoise(tf.scalar(2), from, to, tf.scalar(-1)).dataSync()[0]);
    expect(value).toBeCloseTo(2 * 0.75 - Math.sqrt(0.64 - 0.75 ** 2 * 0.36), 6);
  });

  it('leaves x as it is where no noise is missing', () => {
    const x = tf.tensor1d([0.1, -3]);
    for (const level of [CLEAN, levelOf(0.3), levelOf(0)]) {
      const same = tf.tidy(() => renoise(x, level, level, tf.tensor1d([5, 6])).dataSync());
      if (level.signal > 0) expect([...same]).toEqual([...x.dataSync()]);
      else expect([...same], 'pure noise is drawn again').toEqual([5, 6]);
    }
    x.dispose();
  });

  it('refuses to take noise away', () => {
    const x = tf.scalar(1);
    expect(() => renoise(x, levelOf(0.5), levelOf(0.6), x)).toThrow(/renoise: the level to go to .* has less noise/);
    expect(() => renoise(x, levelOf(0), levelOf(0.1), x)).toThrow(RangeError);
    x.dispose();
  });

  it('leaves its result alone behind', () => {
    const [x, eps] = [tf.scalar(1), tf.scalar(2)];
    const { numTensors } = tf.memory();
    renoise(x, CLEAN, levelOf(0.4), eps).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose([x, eps]);
  });
});

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
