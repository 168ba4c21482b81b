import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Coefficient, weightedSum } from './weightedSum.ts';

describe.each(['cpu', 'wasm'])('weightedSum on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each<[Coefficient, Coefficient, number[]]>([
    [2, 3, [32, 64, 96, 128]],
    [1, 0, [1, 2, 3, 4]],
    [0, 0.5, [5, 10, 15, 20]],
    [[1, 10], 1, [11, 22, 60, 80]],
    [
      [0, 1],
      [1, 0],
      [10, 20, 3, 4],
    ],
  ])('is %o · x + %o · y and leaves one tensor', async (a, b, expected) => {
    const x = tf.tensor([1, 2, 3, 4], [2, 1, 2]);
    const y = tf.tensor([10, 20, 30, 40], [2, 1, 2]);
    const numTensors = tf.memory().numTensors;
    const sum = weightedSum(a, x, b, y);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect(sum.shape).toEqual([2, 1, 2]);
    expect(Array.from(await sum.data())).toEqual(expected);
    tf.dispose([x, y, sum]);
  });

  it('leaves out a term of coefficient 0, infinite values included', async () => {
    const x = tf.tensor([1, 2]);
    const y = tf.tensor([Number.POSITIVE_INFINITY, Number.NaN]);
    const sum = weightedSum(2, x, 0, y);
    expect(Array.from(await sum.data())).toEqual([2, 4]);
    tf.dispose([x, y, sum]);
  });
});
