import { expect, it } from 'vitest';
import { spreadPerClass } from './spread.ts';

it('is the mean distance between two images of a class', () => {
  const features = Float32Array.of(0, 0, 3, 4, 9, 9, 3, 0, 9, 9);
  const spread = spreadPerClass(features, 2, Int32Array.of(0, 0, 1, 0, 1), 2);
  expect(spread[0]).toBeCloseTo((5 + 3 + 4) / 3, 12);
  expect(spread[1]).toBe(0);
});

it('is not a number for a class with fewer than two images', () => {
  expect(spreadPerClass(Float32Array.of(1, 2), 2, Int32Array.of(1), 2)).toEqual([Number.NaN, Number.NaN]);
});
