import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { largestDifference } from '../testing/matchers.ts';
import { type ComplexVector, dominantVector, type HermitianMatrix } from './hermitian.ts';

const N = 4;
const vector = (seed: number): ComplexVector => ({
  re: Float64Array.from(normals(seed, 0, N)),
  im: Float64Array.from(normals(seed, 1, N)),
});

/** Σ factor · v v*. */
function sumOf(terms: readonly (readonly [number, ComplexVector])[]): HermitianMatrix {
  const matrix = { re: new Float64Array(N * N), im: new Float64Array(N * N) };
  for (const [factor, { re, im }] of terms) {
    for (let at = 0; at < N * N; at++) {
      const [i, j] = [Math.floor(at / N), at % N];
      matrix.re[at]! += factor * (re[i]! * re[j]! + im[i]! * im[j]!);
      matrix.im[at]! += factor * (im[i]! * re[j]! - re[i]! * im[j]!);
    }
  }
  return matrix;
}

/** The unit vectors along the axes, of which any two are at right angles. */
const axis = (i: number): ComplexVector => ({
  re: Float64Array.from({ length: N }, (_, at) => Number(at === i)),
  im: new Float64Array(N),
});

describe('dominantVector', () => {
  it('finds the vector that a matrix is made of', () => {
    const matrix = sumOf([[1, vector(1)]]);
    const { re, im } = sumOf([[1, dominantVector(matrix, N)]]);
    expect(largestDifference(re, matrix.re)).toBeLessThan(1e-9);
    expect(largestDifference(im, matrix.im)).toBeLessThan(1e-9);
  });

  it('takes the largest eigenvalue, not the one that is farthest from 0', () => {
    const terms = [
      [-5, axis(0)],
      [3, axis(1)],
      [1, axis(2)],
    ] as const;
    const { re, im } = sumOf([[1, dominantVector(sumOf(terms), N)]]);
    const largest = sumOf([terms[1]]);
    expect(largestDifference(re, largest.re)).toBeLessThan(1e-9);
    expect(largestDifference(im, largest.im)).toBeLessThan(1e-9);
  });

  it('is zero where nothing is above 0', () => {
    const zero = { re: new Float64Array(N), im: new Float64Array(N) };
    expect(dominantVector(sumOf([]), N)).toEqual(zero);
    const { re, im } = dominantVector(
      sumOf([
        [-1, vector(1)],
        [-2, vector(2)],
      ]),
      N,
    );
    expect(largestDifference([...re, ...im], new Float64Array(2 * N))).toBeLessThan(1e-6);
  });
});
