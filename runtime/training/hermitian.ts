import { symmetricEigen } from './symmetricEigen.ts';

/** A matrix M = M*, (n, n), row by row. */
export interface HermitianMatrix {
  re: Float64Array;
  im: Float64Array;
}

/** A complex vector, (n). */
export interface ComplexVector {
  re: Float64Array;
  im: Float64Array;
}

/**
 * The vector h for which h h* is the nearest to a matrix: its eigenvector of the largest eigenvalue λ (Eckart & Young 1936), whose
 * length is √λ; zero where no eigenvalue is above 0. It is one of many, which differ by a factor of length 1.
 */
export function dominantVector(matrix: HermitianMatrix, n: number): ComplexVector {
  const { values, vectors } = symmetricEigen(asReal(matrix, n), 2 * n);
  const largest = values.indexOf(Math.max(...values));
  const length = Math.sqrt(Math.max(values[largest]!, 0));
  const part = (first: number) =>
    Float64Array.from({ length: n }, (_, i) => length * vectors[(first + i) * 2 * n + largest]!);
  return { re: part(0), im: part(n) };
}

/** The symmetric matrix that does to (re, im) what M = A + iB does to re + i im: (A, −B; B, A), whose eigenvalues are those of M, twice. */
function asReal({ re, im }: HermitianMatrix, n: number): Float64Array {
  const real = new Float64Array(4 * n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [a, b] = [re[i * n + j]!, im[i * n + j]!];
      real[2 * n * i + j] = a;
      real[2 * n * i + n + j] = -b;
      real[2 * n * (n + i) + j] = b;
      real[2 * n * (n + i) + n + j] = a;
    }
  }
  return real;
}
