import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

export interface Gaussian {
  mean: Float64Array;
  /** (features, features), symmetric. */
  covariance: Matrix;
}

/**
 * Mean and unbiased covariance of feature vectors.
 *
 * @param features float32 (N, numFeatures)
 * @throws         RangeError for fewer than two vectors
 */
export function gaussianOf(features: Float32Array, numFeatures: number): Gaussian {
  const count = features.length / numFeatures;
  if (!(count >= 2)) throw new RangeError(`gaussianOf: there are ${count} feature vectors; expected at least 2`);
  const mean = new Float64Array(numFeatures);
  for (const [i, value] of features.entries()) mean[i % numFeatures]! += value / count;
  const centred = new Matrix(count, numFeatures);
  for (const [i, value] of features.entries()) {
    centred.set(Math.floor(i / numFeatures), i % numFeatures, value - mean[i % numFeatures]!);
  }
  return {
    mean,
    covariance: centred
      .transpose()
      .mmul(centred)
      .div(count - 1),
  };
}

/**
 * The Fréchet distance (squared 2-Wasserstein) between two normal distributions:
 * |m1 − m2|² + tr(C1 + C2 − 2 (C1 C2)^½), in float64. The trace of the root is that of (C1^½ C2 C1^½)^½, which is
 * symmetric.
 *
 * Estimated from few samples it is too large, the more so the fewer: compare distances of equally many only.
 *
 * Source: Heusel et al. 2017, arXiv:1706.08500, eq. (6); Dowson & Landau 1982.
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  const meanTerm = a.mean.reduce((sum, value, i) => sum + (value - b.mean[i]!) ** 2, 0);
  const root = symmetricRoot(a.covariance);
  const product = root.mmul(b.covariance).mmul(root);
  const traceOfRoot = eigenvalues(symmetrised(product)).reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return Math.max(0, meanTerm + a.covariance.trace() + b.covariance.trace() - 2 * traceOfRoot);
}

/** The square root of a symmetric matrix without negative eigenvalues; rounding below 0 counts as 0. */
function symmetricRoot(matrix: Matrix): Matrix {
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(0, value))));
  return eigenvectorMatrix.mmul(roots).mmul(eigenvectorMatrix.transpose());
}

function eigenvalues(matrix: Matrix): number[] {
  return new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
}

/** Removes the asymmetry that rounding left. */
function symmetrised(matrix: Matrix): Matrix {
  return Matrix.add(matrix, matrix.transpose()).div(2);
}
