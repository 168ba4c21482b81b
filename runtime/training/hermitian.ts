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

/** Multiplications after which the vector has turned to where it goes. */
const NUM_STEPS = 64;

/**
 * The vector h for which h h* is the nearest to a matrix: its eigenvector of the largest eigenvalue λ (Eckart & Young 1936), whose
 * length is √λ; zero where no eigenvalue is above 0. By the power iteration (Golub & Van Loan, Matrix Computations, section 8.2.1) on
 * M + ‖M‖ I, of which no eigenvalue is below 0.
 */
export function dominantVector(matrix: HermitianMatrix, n: number): ComplexVector {
  const shift = norm(matrix);
  let vector = firstColumn(matrix, n, shift);
  for (let step = 0; step < NUM_STEPS; step++) vector = unit(shifted(matrix, vector, shift));
  const moved = shifted(matrix, vector, 0);
  const value = vector.re.reduce((sum, re, i) => sum + re * moved.re[i]! + vector.im[i]! * moved.im[i]!, 0);
  const length = Math.sqrt(Math.max(value, 0));
  return { re: vector.re.map((part) => part * length), im: vector.im.map((part) => part * length) };
}

function norm({ re, im }: ComplexVector): number {
  return Math.sqrt(re.reduce((sum, value, i) => sum + value ** 2 + im[i]! ** 2, 0));
}

/** A vector of length 1; one of length 0 stays. */
function unit(vector: ComplexVector): ComplexVector {
  const length = norm(vector) || 1;
  return { re: vector.re.map((part) => part / length), im: vector.im.map((part) => part / length) };
}

/** Where to begin: the longest column, which no eigenvector that counts is at right angles to. */
function firstColumn(matrix: HermitianMatrix, n: number, shift: number): ComplexVector {
  let longest: ComplexVector = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let column = 0; column < n; column++) {
    const axis = { re: new Float64Array(n), im: new Float64Array(n) };
    axis.re[column] = 1;
    const image = shifted(matrix, axis, shift);
    if (norm(image) > norm(longest)) longest = image;
  }
  return unit(longest);
}

/** (M + shift I) v. */
function shifted({ re, im }: HermitianMatrix, vector: ComplexVector, shift: number): ComplexVector {
  const n = vector.re.length;
  const out = { re: vector.re.map((part) => part * shift), im: vector.im.map((part) => part * shift) };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [a, b] = [re[i * n + j]!, im[i * n + j]!];
      out.re[i]! += a * vector.re[j]! - b * vector.im[j]!;
      out.im[i]! += a * vector.im[j]! + b * vector.re[j]!;
    }
  }
  return out;
}
