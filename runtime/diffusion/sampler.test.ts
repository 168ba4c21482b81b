import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SamplerName } from '../core/samplingBounds.ts';
import { createSampler, samplerForConfig } from './sampler.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const NAMES: readonly SamplerName[] = ['ddpm', 'ddim', 'dpm++', 'euler'];
const config = (className = 'DDIMScheduler') =>
  parseSchedulerConfig({ _class_name: className, prediction_type: 'v_prediction' }, 'test');

describe('samplerForConfig', () => {
  it.each([
    ['DDPMScheduler', 'ddpm'],
    ['DDIMScheduler', 'ddim'],
    ['DPMSolverMultistepScheduler', 'dpm++'],
    ['EulerDiscreteScheduler', 'euler'],
  ])('runs %s with %s', (className, name) => {
    const sampler = samplerForConfig(config(className), 5);
    expect(sampler.name).toBe(name);
    expect(sampler.timesteps).toHaveLength(5);
  });
});

describe('createSampler', () => {
  it.each(['DDPM', 'toString', ''])('refuses the unknown name "%s"', (name) => {
    const create = () => createSampler(name as SamplerName, config(), { numInferenceSteps: 5 });
    expect(create).toThrow(/^createSampler: ".*" is unknown; expected ddpm, ddim, dpm\+\+, euler/);
  });

  describe.each(['cpu', 'wasm'])('on %s', (backend) => {
    beforeAll(async () => {
      await tf.setBackend(backend);
    });

    it.each(NAMES)('%s gives results of its own and leaves nothing behind', async (name) => {
      const numTensors = tf.memory().numTensors;
      for (const predictionType of ['epsilon', 'v_prediction', 'sample'] as const) {
        const sampler = createSampler(name, { ...config(), predictionType }, { numInferenceSteps: 3, eta: 0.5 });
        let xt: tf.Tensor = tf.ones([2, 2, 2, 1]);
        for (const index of sampler.timesteps.keys()) {
          const input = sampler.scaleInput(xt, index);
          const output = tf.mul(input, 0.5);
          const noise = tf.ones(xt.shape);
          const next = sampler.step(output, index, xt, noise);
          tf.dispose([input, output, noise, xt]);
          expect((await next.x0Pred.data()).every(Number.isFinite)).toBe(true);
          next.x0Pred.dispose();
          xt = next.xt;
        }
        expect((await xt.data()).every(Number.isFinite)).toBe(true);
        xt.dispose();
        sampler.dispose();
      }
      expect(tf.memory().numTensors).toBe(numTensors);
    });

    it.each(NAMES)('%s refuses a step that does not exist', (name) => {
      const sampler = createSampler(name, config(), { numInferenceSteps: 3 });
      const x = tf.ones([1]);
      for (const index of [-1, 3, 0.5]) {
        expect(() => sampler.step(x, index, x, x)).toThrow(
          /step .* does not exist; expected a whole number from 0 to 2/,
        );
      }
      x.dispose();
    });
  });
});
