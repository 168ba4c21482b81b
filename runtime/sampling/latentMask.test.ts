import { expect, it } from 'vitest';
import { latentMask } from './latentMask.ts';

/** A mask of 6 × 4 pixels with these set. */
function maskOf(...pixels: [x: number, y: number, value: number][]): Uint8Array {
  const mask = new Uint8Array(24);
  for (const [x, y, value] of pixels) mask[y * 6 + x] = value;
  return mask;
}

it.each([
  ['nothing', maskOf(), [0, 0, 0, 0, 0, 0]],
  ['a pixel in the corner of its cell', maskOf([1, 1, 255]), [1, 0, 0, 0, 0, 0]],
  ['the first of the next cell', maskOf([2, 1, 255]), [0, 1, 0, 0, 0, 0]],
  ['a trace', maskOf([5, 3, 1]), [0, 0, 0, 0, 0, 1]],
  ['everything', new Uint8Array(24).fill(255), [1, 1, 1, 1, 1, 1]],
])('marks each cell that a pixel touches: %s', (_, mask, expected) => {
  expect([...latentMask(mask, 6, 3, 2)]).toEqual(expected);
});
