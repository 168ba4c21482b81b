import { expect, it } from 'vitest';
import { averageWeights } from './averageWeights.ts';
import type { WeightTensor } from './weightTensor.ts';

const weights = (...data: number[]) =>
  new Map<string, WeightTensor>([['bias', { shape: [data.length], data: Float32Array.from(data) }]]);
const between = (share: number) => averageWeights(weights(1, -2), weights(5, 2), 'b', share).get('bias')!;

it('is the one at 0, the other at 1, and on the straight line between', () => {
  expect([...between(0).data]).toEqual([1, -2]);
  expect([...between(1).data]).toEqual([5, 2]);
  expect([...between(0.25).data]).toEqual([2, -1]);
  expect(between(0.25).shape).toEqual([2]);
});

it('changes neither', () => {
  const [a, b] = [weights(1), weights(3)];
  averageWeights(a, b, 'b', 0.5);
  expect([a, b]).toEqual([weights(1), weights(3)]);
});

it('refuses networks of another shape, or with other tensors', () => {
  expect(() => averageWeights(weights(1), weights(1, 2), 'far/b', 0.5)).toThrow(/far\/b.*wrongly shaped.*bias/s);
  expect(() => averageWeights(weights(1), new Map(), 'far/b', 0.5)).toThrow(/missing.*bias/);
});
