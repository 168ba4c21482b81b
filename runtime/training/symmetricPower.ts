// Powers of symmetric positive definite matrices. Source: Golub & Van Loan 2013, Matrix Computations, section 9.1.4.
import { symmetricEigen } from './symmetricEigen.ts';

/**
 * A power of a symmetric matrix whose eigenvalues are above 0: U diag(w^exponent) Uᵀ.
 *
 * @param matrix row after row, n × n values; only its lower half is read as being equal to the upper
 * @returns      the power, in the same form
 * @throws       RangeError for a matrix that is not square, or has an eigenvalue that is not above 0
 */
export function symmetricPower(matrix: ArrayLike<number>, exponent: number): Float64Array {
  const n = Math.round(Math.sqrt(matrix.length));
  if (n * n !== matrix.length) throw new RangeError(`symmetricPower: ${matrix.length} values are no square matrix`);
  const { values, vectors } = symmetricEigen(matrix, n);
  const least = Math.min(...values);
  if (!(least > 0)) throw new RangeError(`symmetricPower: an eigenvalue is ${least}; expected all to be above 0`);
  const power = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const factor = values[k]! ** exponent;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) power[i * n + j]! += factor * vectors[i * n + k]! * vectors[j * n + k]!;
    }
  }
  return power;
}
