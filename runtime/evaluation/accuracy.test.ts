import { expect, it } from 'vitest';
import { accuracyOf } from './accuracy.ts';

it('counts the hits of all images and of each class', () => {
  const accuracy = accuracyOf(Int32Array.of(0, 1, 1, 2, 0), Int32Array.of(0, 0, 1, 1, 0), 3);
  expect(accuracy).toEqual({ overall: 3 / 5, perClass: [2 / 3, 1 / 2, Number.NaN] });
});

it('refuses sets that do not fit', () => {
  expect(() => accuracyOf(Int32Array.of(0), Int32Array.of(0, 0), 1)).toThrow('1 predictions for 2 images');
  expect(() => accuracyOf(Int32Array.of(), Int32Array.of(), 1)).toThrow('at least one');
});
