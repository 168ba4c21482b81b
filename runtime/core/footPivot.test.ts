import { expect, it } from 'vitest';
import { footPivot } from './footPivot.ts';

/** A picture of 4 × 5 with these alphas in its rows. */
const picture = (alphas: number[]) =>
  Uint8Array.from(alphas.flatMap((alpha) => [0, 0, 0, 0, 9, 9, 9, alpha, ...[0, 0, 0, 0, 0, 0, 0, 0]]));

it.each([
  [[0, 255, 255, 0, 0], 0.6],
  [[0, 0, 255, 255, 255], 1],
  [[255, 255, 255, 128, 127], 0.8],
  [[255, 0, 0, 0, 0], 0.2],
  [[0, 0, 0, 0, 0], 1],
])('a cut-out with alphas %j stands at %f of its height', (alphas, y) => {
  expect(footPivot(picture(alphas), 4, 5)).toEqual({ x: 0.5, y });
});
