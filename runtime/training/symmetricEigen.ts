// Jacobi's rotations. Source: Golub & Van Loan 2013, Matrix Computations, section 8.5.

/** Sweeps over all pairs; a matrix of a hundred rows takes about ten. */
const MAX_SWEEPS = 60;

/**
 * The eigenvalues of a symmetric matrix, and its eigenvectors as columns, of length 1 and at right angles to each other.
 *
 * @param matrix row after row, n × n values; only its lower half is read as being equal to the upper
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(matrix);
  const vectors = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const size = Math.hypot(...a);
  for (let sweep = 0; sweep < MAX_SWEEPS && offDiagonal(a, n) > 1e-14 * size; sweep++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * (n + 1)]!), vectors };
}

function offDiagonal(a: Float64Array, n: number): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (i % (n + 1) === 0 ? 0 : value * value), 0));
}

/** Turns the plane of two axes so that nothing is left between them. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const between = a[p * n + q]!;
  if (between === 0) return;
  const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * between);
  const t = Math.sign(tau || 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  for (const matrix of [a, vectors]) turn(matrix, n, 1, n, p, q, c, s); // columns
  turn(a, n, n, 1, p, q, c, s); // rows
}

/** Mixes two columns, or rows, of a matrix; `along` is the step from one of their values to the next. */
function turn(
  m: Float64Array,
  n: number,
  between: number,
  along: number,
  p: number,
  q: number,
  c: number,
  s: number,
): void {
  for (let i = 0; i < n; i++) {
    const [atP, atQ] = [i * along + p * between, i * along + q * between];
    const [x, y] = [m[atP]!, m[atQ]!];
    m[atP] = c * x - s * y;
    m[atQ] = s * x + c * y;
  }
}
