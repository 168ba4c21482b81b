import { expect, it } from 'vitest';
import { wrapped } from './wrapped.ts';

it.each([
  [0, 5, 0],
  [4, 5, 4],
  [5, 5, 0],
  [-1, 5, 4],
  [-5, 5, 0],
  [-11, 5, 4],
  [12.5, 5, 2.5],
  [-0.25, 1, 0.75],
])('%d on a circle of %d is %d', (coordinate, length, expected) => {
  expect(wrapped(coordinate, length)).toBe(expected);
});
