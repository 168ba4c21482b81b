import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSchedulerCase, schedulerCaseNames } from '../testing/fixtures.ts';
import { runSchedulerCase } from './schedulerCase.ts';

describe.each(['cpu', 'wasm'])('the samplers agree with diffusers on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('in all 40 cases', () => {
    expect(schedulerCaseNames()).toHaveLength(40);
  });

  it.each(schedulerCaseNames())('%s', async (name) => {
    const { config, tensors } = readSchedulerCase(name);
    const numTensors = tf.memory().numTensors;
    const { maxRel } = await runSchedulerCase(config, tensors);
    expect(maxRel).toBeLessThan(2e-6);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('runSchedulerCase', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('notices a sampler that differs', async () => {
    const { config, tensors } = readSchedulerCase('08-ddpm_fixed_large-linear-v_prediction');
    config.config.variance_type = 'fixed_small';
    const { maxRel } = await runSchedulerCase(config, tensors);
    expect(maxRel).toBeGreaterThan(1e-2);
  });

  it('notices NaN', async () => {
    const { config, tensors } = readSchedulerCase('00-ddim-linear-epsilon');
    tensors.get('model_output_3')!.data[5] = Number.NaN;
    expect((await runSchedulerCase(config, tensors)).maxAbs).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses other timesteps and names a missing tensor', async () => {
    const { config, tensors } = readSchedulerCase('00-ddim-linear-epsilon');
    await expect(runSchedulerCase({ ...config, timesteps: [1] }, tensors)).rejects.toThrow(
      /timesteps are 852,.* expected 1/,
    );
    tensors.delete('model_output_2');
    await expect(runSchedulerCase(config, tensors)).rejects.toThrow(/no tensor "model_output_2"/);
  });
});
