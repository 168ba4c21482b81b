import { expect, test } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { roughnessMap } from './roughness.ts';

test('roughnessMap is rougher in the depths and smoother on what is worn, within what a lamp bears', () => {
  const height = Float32Array.of(0, 0.25, 0.5, 1);
  expectClose(roughnessMap(height, 2, 2, { roughness: 0.6, wear: 0.4 }), [0.8, 0.7, 0.6, 0.4]);
  expectClose(roughnessMap(height, 4, 1, { roughness: 0, wear: 0 }), [0.04, 0.04, 0.04, 0.04]);
  expectClose(roughnessMap(height, 4, 1, { roughness: 1, wear: 1 }), [1, 1, 1, 0.5]);
  expect(() => roughnessMap(height, 4, 1, { roughness: 2 })).toThrow(/roughness is 2; expected 0 to 1/);
  expect(() => roughnessMap(height, 3, 1)).toThrow(/roughnessMap: 4 values for 3×1 texels/);
});
