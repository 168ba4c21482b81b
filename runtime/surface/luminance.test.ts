import { expect, test } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { luminance } from './luminance.ts';

test('luminance weighs red, green and blue, and takes what is transparent for dark', () => {
  const pixels = Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 51);
  expectClose(luminance(pixels, 2, 2), [0.2126, 0.7152, 0.0722, 0.2]);
  expectClose(luminance(Uint8Array.of(255, 255, 255, 0, 0, 0), 1, 2), [1, 0]);
});

test('luminance refuses bytes that are no picture of the size', () => {
  expect(() => luminance(new Uint8Array(10), 2, 2)).toThrow(/luminance: 10 bytes for 2×2 pixels; expected 3 .* or 4/);
});
