import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { exactSolution, sampleGaussian } from '../testing/gaussianData.ts';
import { largestDifference } from '../testing/matchers.ts';
import { createDdim } from './ddim.ts';
import { createDdpm } from './ddpm.ts';
import { createSchedule } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const config = (fields: object = {}) =>
  parseSchedulerConfig({ _class_name: 'DDIMScheduler', clip_sample: false, ...fields }, 'test');

const DATA = { mean: 0.5, std: 0.3 };
const NOISE = normals(1, 0, 64);

/** Largest distance from the exact solution of the probability-flow ODE. */
function error(numInferenceSteps: number, fields: object): number {
  const schedule = createSchedule(config(fields));
  const sampler = createDdim(config(fields), { numInferenceSteps });
  const exact = exactSolution(schedule, DATA, NOISE, sampler.timesteps[0]!);
  return largestDifference(sampleGaussian(sampler, schedule, DATA, NOISE), exact);
}

describe('createDdim', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(['epsilon', 'v_prediction', 'sample'])(
    'solves the ODE with first-order accuracy from %s',
    (prediction_type) => {
      const fields = { prediction_type, timestep_spacing: 'trailing', beta_schedule: 'squaredcos_cap_v2' };
      const [coarse, fine] = [error(50, fields), error(100, fields)];
      expect(fine).toBeLessThan(0.016);
      expect(coarse / fine).toBeGreaterThan(1.85);
      expect(coarse / fine).toBeLessThan(2.15);
    },
  );

  it.each(['v_prediction', 'sample'])('starts from zero SNR with %s', (prediction_type) => {
    const fields = { prediction_type, timestep_spacing: 'trailing', rescale_betas_zero_snr: true };
    expect(error(100, fields)).toBeLessThan(0.03);
  });

  it('refuses to start from zero SNR with epsilon', () => {
    const fields = { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
    const create = () => createDdim(config(fields), { numInferenceSteps: 5 });
    expect(create).toThrow(/^ddim: prediction_type "epsilon" cannot start at t = 999.*; expected "v_prediction"/);
  });

  it('is ancestral sampling with fixed_small variance when eta is 1', () => {
    const schedule = createSchedule(config());
    const ddim = createDdim(config(), { numInferenceSteps: 20, eta: 1 });
    const ddpm = createDdpm(config(), { numInferenceSteps: 20, varianceType: 'fixed_small' });
    expect(ddim.needsNoise).toBe(true);
    const samples = sampleGaussian(ddim, schedule, DATA, NOISE, 5);
    expect(largestDifference(samples, sampleGaussian(ddpm, schedule, DATA, NOISE, 5))).toBeLessThan(1e-5);
  });

  it.each([3, 8, 24])(
    'draws from the posterior at zero SNR and eta 1, however 1 − alphaBar is rounded: %i steps',
    async (n) => {
      const fields = { prediction_type: 'v_prediction', timestep_spacing: 'trailing', rescale_betas_zero_snr: true };
      const alphaPrev = createSchedule(config(fields)).alphasCumprod[999 - Math.floor(1000 / n)]!;
      const [v, xt, noise] = [tf.tensor([0.25]), tf.tensor([1.5]), tf.tensor([-2])];
      const next = createDdim(config(fields), { numInferenceSteps: n, eta: 1 }).step(v, 0, xt, noise);
      // At alphaBar 0, x0 is −v, and xt is noise alone, all of which is drawn once more.
      expect((await next.xt.data())[0]).toBeCloseTo(-0.25 * Math.sqrt(alphaPrev) - 2 * Math.sqrt(1 - alphaPrev), 5);
      tf.dispose([v, xt, noise, next.xt, next.x0Pred]);
    },
  );

  it('adds half the noise at eta 0.5, and keeps the variance of xt', async () => {
    const alphas = createSchedule(config()).alphasCumprod;
    const [alpha, alphaPrev] = [alphas[500]!, alphas[400]!];
    const posteriorStd = Math.sqrt(((1 - alphaPrev) / (1 - alpha)) * (1 - alpha / alphaPrev));
    const sampler = createDdim(config(), { numInferenceSteps: 10, eta: 0.5 });
    const [zero, one] = [tf.zeros([1]), tf.ones([1])];
    const ofNoise = sampler.step(zero, 4, zero, one);
    expect((await ofNoise.xt.data())[0]).toBeCloseTo(0.5 * posteriorStd, 6);
    const xt = tf.fill([1], Math.sqrt(1 - alpha)); // x0 = 0 and eps = 1
    const ofEps = sampler.step(one, 4, xt, zero);
    expect((await ofEps.xt.data())[0]).toBeCloseTo(Math.sqrt(1 - alphaPrev - (0.5 * posteriorStd) ** 2), 6);
    tf.dispose([zero, one, xt, ofNoise.xt, ofNoise.x0Pred, ofEps.xt, ofEps.x0Pred]);
  });

  it('ends at x0Pred, or at the noise of t = 0 without set_alpha_to_one', async () => {
    const x = tf.tensor([0.5]);
    const end = async (fields: object) => {
      const { xt, x0Pred } = createDdim(config(fields), { numInferenceSteps: 10 }).step(x, 9, x);
      const values = [(await xt.data())[0]!, (await x0Pred.data())[0]!] as const;
      tf.dispose([xt, x0Pred]);
      return values;
    };
    const [clean, x0Pred] = await end({});
    expect(clean).toBe(x0Pred);
    expect((await end({ set_alpha_to_one: false }))[0]).toBeCloseTo(0.5, 6); // t' = 0 = t: nothing moves
    x.dispose();
  });

  it('refuses eta out of range, and eta without noise', () => {
    const create = (eta: number) => createDdim(config(), { numInferenceSteps: 5, eta });
    for (const eta of [-0.1, 1.1, Number.NaN]) expect(() => create(eta)).toThrow(/^ddim: eta is .*; expected 0/);
    const x = tf.tensor([1]);
    expect(() => create(0.5).step(x, 0, x)).toThrow(/^ddim: step 0 has no noise, but eta is above 0/);
    x.dispose();
  });
});
