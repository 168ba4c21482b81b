import { expect, it } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { symmetricPower } from './symmetricPower.ts';

const MATRIX = [4, 1, 0.5, 1, 3, -0.2, 0.5, -0.2, 2];
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** The product of two matrices that have three rows each. */
const product = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  IDENTITY.map((_, at) => [0, 1, 2].reduce((sum, k) => sum + a[Math.floor(at / 3) * 3 + k]! * b[3 * k + (at % 3)]!, 0));

const closely = { absolute: 1e-12, relative: 1e-12 };

it('has roots and inverses', () => {
  const root = symmetricPower(MATRIX, 0.5);
  expectClose(product(root, root), MATRIX, closely);
  expectClose(product(symmetricPower(MATRIX, -1), MATRIX), IDENTITY, closely);
  expectClose(product(symmetricPower(MATRIX, -0.25), symmetricPower(MATRIX, 0.25)), IDENTITY, closely);
});

it('agrees with the closed form of a matrix of two rows', () => {
  // Eigenvalues 1 and 3, of the directions (1, -1) and (1, 1).
  const [low, high] = [1, 3 ** 0.7];
  const [own, other] = [(low + high) / 2, (high - low) / 2];
  expectClose(symmetricPower([2, 1, 1, 2], 0.7), [own, other, other, own], closely);
});

it('takes powers of a diagonal one by one, and of one value', () => {
  expectClose(symmetricPower([4, 0, 0, 9], 0.5), [2, 0, 0, 3], closely);
  expectClose(symmetricPower([16], -0.25), [0.5], closely);
});

it.each([
  [[1, 2, 2, 1], /symmetricPower: an eigenvalue is -[\d.]+; expected all to be above 0/],
  [[1, 1, 1, 1], /an eigenvalue is/],
  [[1, 2, 3], /symmetricPower: 3 values are no square matrix/],
  [[Number.NaN], /an eigenvalue is NaN/],
])('refuses %j', (matrix, message) => {
  expect(() => symmetricPower(matrix, 0.5)).toThrow(message);
});
