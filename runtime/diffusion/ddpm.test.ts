import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { sampleGaussian } from '../testing/gaussianData.ts';
import { createDdpm } from './ddpm.ts';
import { createSchedule } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const config = (fields: object = {}) =>
  parseSchedulerConfig({ _class_name: 'DDPMScheduler', clip_sample: false, ...fields }, 'test');

const DATA = { mean: 0.5, std: 0.3 };

/** Mean and std of samples drawn with a perfect network. */
function moments(numInferenceSteps: number, fields: object, count: number) {
  const sampler = createDdpm(config(fields), { numInferenceSteps });
  const values = sampleGaussian(sampler, createSchedule(config(fields)), DATA, normals(3, 0, count), 3);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count) };
}

describe('createDdpm', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it.each([
    { variance_type: 'fixed_small', prediction_type: 'epsilon' },
    { variance_type: 'fixed_large', prediction_type: 'v_prediction' },
  ])('draws from the data distribution over all 1000 steps: %o', (fields) => {
    const count = 4000;
    const { mean, std } = moments(1000, fields, count);
    expect(Math.abs(mean - DATA.mean)).toBeLessThan((4 * DATA.std) / Math.sqrt(count));
    // Four standard errors, and up to 0.005 that discretisation leaves.
    expect(Math.abs(std - DATA.std)).toBeLessThan((4 * DATA.std) / Math.sqrt(2 * count) + 0.005);
  });

  it('spreads too little with fixed_small and too much with fixed_large in few steps', () => {
    expect(moments(20, { variance_type: 'fixed_small' }, 4000).std).toBeLessThan(0.25);
    expect(moments(20, { variance_type: 'fixed_large' }, 4000).std).toBeGreaterThan(0.32);
  });

  it.each(['v_prediction', 'sample'])('starts from zero SNR with %s', (prediction_type) => {
    const fields = { prediction_type, rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
    const { mean } = moments(50, fields, 4000);
    expect(Math.abs(mean - DATA.mean)).toBeLessThan(0.02);
  });

  it('refuses to start from zero SNR with epsilon', () => {
    const fields = { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
    expect(() => createDdpm(config(fields), { numInferenceSteps: 5 })).toThrow(
      /^ddpm: prediction_type "epsilon" cannot start at t = 999/,
    );
  });

  it('needs noise above t = 0 and takes none at t = 0', async () => {
    const sampler = createDdpm(config(), { numInferenceSteps: 5 });
    const x = tf.tensor([0.1, 0.2]);
    const numTensors = tf.memory().numTensors;
    expect(sampler.needsNoise).toBe(true);
    expect(() => sampler.step(x, 1, x)).toThrow(/^ddpm: step 1 \(t = 600\) has no noise; expected a standard normal/);
    expect(tf.memory().numTensors).toBe(numTensors);
    const last = sampler.step(x, 4, x);
    expect(Array.from(await last.xt.data())).toEqual(Array.from(await last.x0Pred.data()));
    tf.dispose([x, last.xt, last.x0Pred]);
  });

  it('adds noise in the last step where its timestep is above 0, as diffusers does', async () => {
    const fields = { variance_type: 'fixed_large', timestep_spacing: 'trailing' };
    const [zero, one] = [tf.zeros([1]), tf.ones([1])];
    const last = createDdpm(config(fields), { numInferenceSteps: 10 }).step(zero, 9, zero, one);
    const beta = 1 - createSchedule(config(fields)).alphasCumprod[99]!; // from t = 99 to what has no noise
    expect((await last.xt.data())[0]).toBeCloseTo(Math.sqrt(beta), 6);
    tf.dispose([zero, one, last.xt, last.x0Pred]);
  });

  it('prefers the variance type of the options', async () => {
    const x = tf.tensor([0.1, 0.2]);
    const stepWith = async (fields: object, options: object) => {
      const sampler = createDdpm(config(fields), { numInferenceSteps: 5, ...options });
      const { xt, x0Pred } = sampler.step(x, 2, x, x);
      const values = Array.from(await xt.data());
      tf.dispose([xt, x0Pred]);
      return values;
    };
    const large = await stepWith({ variance_type: 'fixed_large' }, {});
    expect(await stepWith({}, { varianceType: 'fixed_large' })).toEqual(large);
    expect(await stepWith({}, {})).not.toEqual(large);
    x.dispose();
  });
});
