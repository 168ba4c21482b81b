import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { exactSolution, sampleGaussian } from '../testing/gaussianData.ts';
import { largestDifference } from '../testing/matchers.ts';
import { createDdim } from './ddim.ts';
import { createDpmSolver } from './dpmSolver.ts';
import { createSchedule } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const config = (fields: object = {}) =>
  parseSchedulerConfig({ _class_name: 'DPMSolverMultistepScheduler', timestep_spacing: 'trailing', ...fields }, 'test');

const DATA = { mean: 0.5, std: 0.3 };
const NOISE = normals(1, 0, 64);

/** Largest distance from the exact solution of the probability-flow ODE. */
function error(numInferenceSteps: number, fields: object): number {
  const schedule = createSchedule(config(fields));
  const sampler = createDpmSolver(config(fields), { numInferenceSteps });
  const exact = exactSolution(schedule, DATA, NOISE, sampler.timesteps[0]!);
  return largestDifference(sampleGaussian(sampler, schedule, DATA, NOISE), exact);
}

describe('createDpmSolver', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(['epsilon', 'v_prediction', 'sample'])(
    'solves the ODE with second-order accuracy from %s',
    (prediction_type) => {
      const fields = { prediction_type };
      const [coarse, fine] = [error(40, fields), error(80, fields)];
      expect(coarse / fine).toBeGreaterThan(4);
      expect(fine).toBeLessThan(0.003);
      expect(error(40, { ...fields, solver_order: 1 }) / coarse).toBeGreaterThan(3);
    },
  );

  it('is DDIM at first order', () => {
    const fields = { solver_order: 1 };
    const schedule = createSchedule(config());
    const first = sampleGaussian(createDpmSolver(config(fields), { numInferenceSteps: 20 }), schedule, DATA, NOISE);
    const ddim = sampleGaussian(
      createDdim(config({ clip_sample: false }), { numInferenceSteps: 20 }),
      schedule,
      DATA,
      NOISE,
    );
    expect(largestDifference(first, ddim)).toBeLessThan(2e-5);
  });

  it.each(['v_prediction', 'sample'])('starts from zero SNR with %s, whose sigma is infinite', (prediction_type) => {
    const fields = { prediction_type, rescale_betas_zero_snr: true };
    expect(error(80, fields)).toBeLessThan(0.003);
  });

  it('takes the last step at first order when it goes to sigma 0 or lower_order_final asks for it', async () => {
    const isMultistep = async (fields: object, numInferenceSteps: number) => {
      const lastX0 = async (before: number) => {
        const sampler = createDpmSolver(config({ prediction_type: 'sample', ...fields }), { numInferenceSteps });
        const [xt, x0, other] = [tf.tensor([1]), tf.tensor([0.25]), tf.tensor([before])];
        const first = sampler.step(other, numInferenceSteps - 2, xt);
        const last = sampler.step(x0, numInferenceSteps - 1, xt);
        const value = (await last.xt.data())[0];
        sampler.dispose();
        tf.dispose([xt, x0, other, first.xt, first.x0Pred, last.xt, last.x0Pred]);
        return value;
      };
      return (await lastX0(0)) !== (await lastX0(1));
    };
    expect(await isMultistep({}, 20)).toBe(false);
    expect(await isMultistep({ final_sigmas_type: 'sigma_min' }, 20)).toBe(true);
    expect(await isMultistep({ final_sigmas_type: 'sigma_min' }, 14)).toBe(false);
    expect(await isMultistep({ final_sigmas_type: 'sigma_min', lower_order_final: false }, 14)).toBe(true);
    expect(await isMultistep({ final_sigmas_type: 'sigma_min', euler_at_final: true }, 20)).toBe(false);
  });

  it('forgets what is not of the step before, so that it can start in the middle or again', async () => {
    const sampler = createDpmSolver(config(), { numInferenceSteps: 5 });
    const [x, y] = [tf.tensor([0.5, -1]), tf.tensor([0.1, 0.3])];
    const run = async (index: number) => {
      const { xt, x0Pred } = sampler.step(y, index, x);
      const values = Array.from(await xt.data());
      tf.dispose([xt, x0Pred]);
      return values;
    };
    const fresh = await run(2);
    await run(0);
    expect(await run(2)).toEqual(fresh);
    tf.dispose([x, y]);
    sampler.dispose();
  });

  it('holds one tensor between steps until it is disposed', () => {
    const sampler = createDpmSolver(config(), { numInferenceSteps: 5 });
    const x = tf.tensor([0.5, -1]);
    const numTensors = tf.memory().numTensors;
    for (const index of [0, 1, 2]) {
      const { xt, x0Pred } = tf.tidy(() => sampler.step(x, index, x));
      tf.dispose([xt, x0Pred]);
      expect(tf.memory().numTensors).toBe(numTensors + 1);
    }
    sampler.dispose();
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    x.dispose();
  });
});
