import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { clipX0 } from './clipX0.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

describe('clipX0', () => {
  it.each([
    { fields: { clip_sample: true }, expected: [-1, 0.5, 1] },
    { fields: { clip_sample: true, clip_sample_range: 2 }, expected: [-2, 0.5, 2] },
    { fields: { clip_sample: false }, expected: [-3, 0.5, 3] },
  ])('gives a tensor of its own for $fields', async ({ fields, expected }) => {
    await tf.setBackend('cpu');
    const config = parseSchedulerConfig({ _class_name: 'DDPMScheduler', ...fields }, 'test');
    const x0 = tf.tensor([-3, 0.5, 3]);
    const numTensors = tf.memory().numTensors;
    const clipped = clipX0(config, x0);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    x0.dispose();
    expect(Array.from(await clipped.data())).toEqual(expected);
    clipped.dispose();
  });
});
