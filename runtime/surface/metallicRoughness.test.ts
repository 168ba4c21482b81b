import { expect, test } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { metallicMap, roughnessMap } from './metallicRoughness.ts';

test('roughnessMap is rougher in the depths and smoother on what is worn, within what a lamp bears', () => {
  const height = Float32Array.of(0, 0.25, 0.5, 1);
  expectClose(roughnessMap(height, 2, 2, { roughness: 0.6, wear: 0.4 }), [0.8, 0.7, 0.6, 0.4]);
  expectClose(roughnessMap(height, 4, 1, { roughness: 0, wear: 0 }), [0.04, 0.04, 0.04, 0.04]);
  expectClose(roughnessMap(height, 4, 1, { roughness: 1, wear: 1 }), [1, 1, 1, 0.5]);
  expect(() => roughnessMap(height, 4, 1, { roughness: 2 })).toThrow(/roughness is 2; expected 0 to 1/);
  expect(() => roughnessMap(height, 3, 1)).toThrow(/roughnessMap: 4 values for 3×1 texels/);
});

/** Steel, black, half-coloured, rust. */
const PIXELS = Uint8Array.of(180, 184, 190, 0, 0, 0, 200, 160, 120, 150, 70, 30);

test('metallicMap takes coloured parts for rust, as far as it is told', () => {
  expectClose(metallicMap(PIXELS, 2, 2), [0, 0, 0, 0]);
  expectClose(metallicMap(PIXELS, 2, 2, { metallic: 0.9, rust: 0 }), [0.9, 0.9, 0.9, 0.9]);
  expectClose(metallicMap(PIXELS, 2, 2, { metallic: 1, rust: 1 }), [1, 1, 0.5, 0]); // saturation 0.4 is midway
  expectClose(metallicMap(PIXELS, 2, 2, { metallic: 0.8, rust: 0.5 }), [0.8, 0.8, 0.6, 0.4]);
  expect(() => metallicMap(PIXELS, 2, 2, { rust: -1 })).toThrow(/rust is -1; expected 0 to 1/);
});
