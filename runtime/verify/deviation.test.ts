import { tensor2d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { deviationFrom, largerDeviation } from './deviation.ts';

const recorded = { shape: [1, 3], data: new Float32Array([1, -4, 2]) };

describe('deviationFrom', () => {
  it('gives the largest difference, also over the largest magnitude', async () => {
    expect(await deviationFrom(tensor2d([[1, -3.5, 2.25]]), recorded)).toEqual({ maxAbs: 0.5, maxRel: 0.125 });
    expect(await deviationFrom(tensor2d([[1, -4, 2]]), recorded)).toEqual({ maxAbs: 0, maxRel: 0 });
  });

  it('takes NaN for infinitely far, and anything for infinitely far from zeros', async () => {
    expect((await deviationFrom(tensor2d([[1, Number.NaN, 2]]), recorded)).maxRel).toBe(Number.POSITIVE_INFINITY);
    const zeros = { shape: [1, 3], data: new Float32Array(3) };
    expect((await deviationFrom(tensor2d([[0, 0, 1e-9]]), zeros)).maxRel).toBe(Number.POSITIVE_INFINITY);
    expect((await deviationFrom(tensor2d([[0, 0, 0]]), zeros)).maxRel).toBe(0);
  });

  it('refuses another shape', async () => {
    await expect(deviationFrom(tensor2d([[1, 2]]), recorded)).rejects.toThrow(/\[1,2\].*\[1,3\]/);
  });
});

it('largerDeviation takes the larger of each', () => {
  expect(largerDeviation({ maxAbs: 1, maxRel: 5 }, { maxAbs: 2, maxRel: 3 })).toEqual({ maxAbs: 2, maxRel: 5 });
});
