import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { clipX0, toEps, toX0, toX0Eps } from './prediction.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const SHAPE: [number, number, number, number] = [2, 2, 2, 1];
const x0 = normals(1, 0, 8);
const eps = normals(1, 1, 8);

/** xt and the three kinds of output for known x0 and eps, in float64. */
function truth(alphaBars: readonly number[]) {
  const mix = (a: (alphaBar: number) => number, b: (alphaBar: number) => number) =>
    Float32Array.from(x0, (value, i) => {
      const alphaBar = alphaBars[Math.floor(i / 4)]!;
      return a(alphaBar) * value + b(alphaBar) * eps[i]!;
    });
  const [signal, noise] = [Math.sqrt, (alphaBar: number) => Math.sqrt(1 - alphaBar)];
  const xt = mix(signal, noise);
  return { xt, epsilon: eps, sample: x0, v_prediction: mix((a) => -noise(a), signal) };
}

describe.each(['cpu', 'wasm'])('toX0Eps on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(['epsilon', 'v_prediction', 'sample'] as const)('recovers x0 and eps from %s', async (type) => {
    for (const alphaBars of [0.5, [0.9, 0.2]]) {
      const known = truth(typeof alphaBars === 'number' ? [alphaBars, alphaBars] : alphaBars);
      const [xt, output] = [tf.tensor4d(known.xt, SHAPE), tf.tensor4d(known[type], SHAPE)];
      const numTensors = tf.memory().numTensors;
      const result = toX0Eps(type, output, xt, alphaBars);
      expect(tf.memory().numTensors).toBe(numTensors + 2);
      const [x0Data, epsData] = [await result.x0.data(), await result.eps.data()];
      for (let i = 0; i < 8; i++) {
        expect(x0Data[i]).toBeCloseTo(x0[i]!, 5);
        expect(epsData[i]).toBeCloseTo(eps[i]!, 5);
      }
      tf.dispose([xt, output, result.x0, result.eps]);
    }
  });

  it('needs no division for v_prediction: at alphaBar 0, x0 is −v and eps is xt', async () => {
    const [xt, v] = [tf.tensor([1, -2]), tf.tensor([0.25, 0.5])];
    const result = toX0Eps('v_prediction', v, xt, 0);
    expect(Array.from(await result.x0.data())).toEqual([-0.25, -0.5]);
    expect(Array.from(await result.eps.data())).toEqual([1, -2]);
    tf.dispose([xt, v, result.x0, result.eps]);
  });

  it('refuses to divide by zero', () => {
    const xt = tf.tensor([1, 2]);
    const numTensors = tf.memory().numTensors;
    expect(() => toX0('epsilon', xt, xt, 0)).toThrow(/toX0: alphaBar is 0; expected above 0 for epsilon prediction/);
    expect(() => toX0('epsilon', xt, xt, [0.5, 0])).toThrow(RangeError);
    expect(() => toEps('sample', xt, xt, 1)).toThrow(/toEps: alphaBar is 1; expected below 1 for sample prediction/);
    expect(tf.memory().numTensors).toBe(numTensors);
    xt.dispose();
  });
});

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
