import { expect, it } from 'vitest';
import { emptyRowsBelow } from './emptyRows.ts';

const picture = (...alphas: number[]) => Uint8Array.from(alphas.flatMap((alpha) => [255, 255, 255, alpha]));

it.each([
  ['a figure that touches the lower edge', picture(0, 0, 0, 255, 255, 0), 0],
  ['one that ends a row above it', picture(0, 0, 0, 255, 0, 0), 1],
  ['one with haze below it', picture(255, 255, 40, 90, 127, 0), 2],
  ['nothing at all', picture(0, 0, 0, 0, 0, 0), 0],
])('counts the empty rows below %s', (_, pixels, expected) => {
  expect(emptyRowsBelow(pixels, 2)).toBe(expected);
});
