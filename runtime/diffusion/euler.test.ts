import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { exactSolution, sampleGaussian } from '../testing/gaussianData.ts';
import { largestDifference } from '../testing/matchers.ts';
import { createDdim } from './ddim.ts';
import { createEuler } from './euler.ts';
import { createSchedule } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const config = (fields: object = {}) =>
  parseSchedulerConfig({ _class_name: 'EulerDiscreteScheduler', timestep_spacing: 'trailing', ...fields }, 'test');

const DATA = { mean: 0.5, std: 0.3 };
const NOISE = normals(1, 0, 64);

function samples(numInferenceSteps: number, fields: object): Float32Array {
  const sampler = createEuler(config(fields), { numInferenceSteps });
  return sampleGaussian(sampler, createSchedule(config(fields)), DATA, NOISE);
}

describe('createEuler', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(['epsilon', 'v_prediction', 'sample'])(
    'solves the ODE with first-order accuracy from %s',
    (prediction_type) => {
      const fields = { prediction_type, beta_schedule: 'squaredcos_cap_v2' };
      const exact = exactSolution(createSchedule(config(fields)), DATA, NOISE, 999);
      const [coarse, fine] = [50, 100].map((n) => largestDifference(samples(n, fields), exact)) as [number, number];
      expect(fine).toBeLessThan(0.016);
      expect(coarse / fine).toBeGreaterThan(1.85);
      expect(coarse / fine).toBeLessThan(2.15);
    },
  );

  it('is DDIM in other coordinates, up to the start of larger variance', () => {
    const sampler = createDdim(config({ clip_sample: false }), { numInferenceSteps: 20 });
    const ddim = sampleGaussian(sampler, createSchedule(config()), DATA, NOISE);
    expect(largestDifference(samples(20, {}), ddim)).toBeLessThan(1e-3); // starts at sigma · z, not sqrt(1 + sigma²) · z
  });

  it('starts with the noise of its spacing', () => {
    const sigma = createEuler(config(), { numInferenceSteps: 4 }).initNoiseSigma;
    expect(sigma).toBeCloseTo(157.41, 2); // sqrt((1 − 4.0358e-5) / 4.0358e-5)
    expect(createEuler(config({ timestep_spacing: 'linspace' }), { numInferenceSteps: 4 }).initNoiseSigma).toBe(sigma);
    const alpha = createSchedule(config()).alphasCumprod[750]!;
    const leading = createEuler(config({ timestep_spacing: 'leading' }), { numInferenceSteps: 4 });
    expect(leading.initNoiseSigma).toBeCloseTo(1 / Math.sqrt(alpha), 9);
  });

  it.each([
    ['leading', 900, 1],
    ['linspace', 999, 0],
    ['trailing', 999, 0],
  ] as const)(
    'adds the variance of an image to its start where spacing is leading: %s',
    (timestep_spacing, t, image) => {
      const fields = { timestep_spacing, beta_end: 0.002 }; // so little noise that an image counts
      const alpha = createSchedule(config(fields)).alphasCumprod[t]!;
      const { initNoiseSigma } = createEuler(config(fields), { numInferenceSteps: 10 });
      expect(initNoiseSigma).toBeCloseTo(Math.sqrt((1 - alpha) / alpha + image), 10);
    },
  );

  it.each(['v_prediction', 'sample'])('starts from zero SNR with %s, whose sigma is infinite', (prediction_type) => {
    const fields = { prediction_type, rescale_betas_zero_snr: true };
    const exact = exactSolution(createSchedule(config(fields)), DATA, NOISE, 999);
    expect(largestDifference(samples(100, fields), exact)).toBeLessThan(0.03);
  });

  it('shows the network an input of variance 1', async () => {
    const sampler = createEuler(config(), { numInferenceSteps: 4 });
    const alpha = createSchedule(config()).alphasCumprod[sampler.timesteps[2]!]!;
    const xt = tf.tensor([2]);
    const numTensors = tf.memory().numTensors;
    const input = sampler.scaleInput(xt, 2);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect((await input.data())[0]).toBeCloseTo(2 * Math.sqrt(alpha), 6);
    tf.dispose([xt, input]);
  });
});
