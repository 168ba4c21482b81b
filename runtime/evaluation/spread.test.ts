import { expect, it } from 'vitest';
import { spreadPerClass } from './spread.ts';

it('is the mean distance between two images of a class', () => {
  const features = Float32Array.of(0, 0, 3, 4, 9, 9, 3, 0, 9, 9);
  const spread = spreadPerClass(features, 2, Int32Array.of(0, 0, 1, 0, 1), 2);
  expect(spread[0]).toBeCloseTo((5 + 3 + 4) / 3, 12);
  expect(spread[1]).toBe(0);
});

it('is not a number for a class with fewer than two images, or subjects', () => {
  expect(spreadPerClass(Float32Array.of(1, 2), 2, Int32Array.of(1), 2)).toEqual([Number.NaN, Number.NaN]);
  expect(spreadPerClass(Float32Array.of(1, 2), 1, Int32Array.of(0, 0), 1, [7, 7])).toEqual([Number.NaN]);
});

it('is that of the subjects, however often each is shown', () => {
  const features = Float32Array.of(0, 10, 40);
  const once = spreadPerClass(features, 1, new Int32Array(3), 1);
  const often = Float32Array.from({ length: 12 }, (_, i) => features[i % 3]!);
  const subjects = Array.from(often, (_, i) => i % 3);
  expect(spreadPerClass(often, 1, new Int32Array(12), 1, subjects)).toEqual(once);
  expect(spreadPerClass(often, 1, new Int32Array(12), 1)[0]).toBeLessThan(once[0]!);
});
