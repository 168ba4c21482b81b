import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { largestDifference } from '../testing/matchers.ts';
import { fourier, frequencyAt } from './fourier.ts';

const SIDE = 6;
const SQUARE = {
  re: Float64Array.from(normals(1, 0, SIDE * SIDE)),
  im: Float64Array.from(normals(2, 0, SIDE * SIDE)),
};

describe('fourier', () => {
  it('is the double sum', () => {
    const { re, im } = fourier(SQUARE, SIDE);
    for (const [v, u] of [
      [0, 0],
      [1, 0],
      [2, 5],
      [5, 3],
    ] as const) {
      let [sumRe, sumIm] = [0, 0];
      for (let at = 0; at < SIDE * SIDE; at++) {
        const angle = (-2 * Math.PI * (v * Math.floor(at / SIDE) + u * (at % SIDE))) / SIDE;
        sumRe += SQUARE.re[at]! * Math.cos(angle) - SQUARE.im[at]! * Math.sin(angle);
        sumIm += SQUARE.re[at]! * Math.sin(angle) + SQUARE.im[at]! * Math.cos(angle);
      }
      expect(re[v * SIDE + u]).toBeCloseTo(sumRe, 10);
      expect(im[v * SIDE + u]).toBeCloseTo(sumIm, 10);
    }
  });

  it('comes back as many times too large as there are values', () => {
    const back = fourier(fourier(SQUARE, SIDE), SIDE, 1);
    const [re, im] = [back.re, back.im].map((part) => part.map((value) => value / SIDE ** 2));
    expect(largestDifference(re!, SQUARE.re)).toBeLessThan(1e-12);
    expect(largestDifference(im!, SQUARE.im)).toBeLessThan(1e-12);
  });
});

it('counts turns a pixel from the nearer end', () => {
  expect([0, 1, 3, 5].map((place) => frequencyAt(place, 6))).toEqual([0, 1 / 6, 1 / 2, 1 / 6]);
  expect(frequencyAt(3 * 6 + 3, 6)).toBeCloseTo(Math.SQRT1_2, 12);
});
