import { Matrix } from 'ml-matrix';
import { expect, it } from 'vitest';
import { normals } from '../../../runtime/core/random.ts';
import { frechetDistance, type Gaussian, gaussianOf } from './frechet.ts';

function diagonal(mean: number[], variances: number[]): Gaussian {
  return { mean: Float64Array.from(mean), covariance: Matrix.diag(variances) };
}

/** The same distribution in rotated coordinates. */
function rotated({ mean, covariance }: Gaussian, angle: number): Gaussian {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turn = new Matrix([
    [cos, -sin],
    [sin, cos],
  ]);
  return {
    mean: Float64Array.from(turn.mmul(Matrix.columnVector(Array.from(mean))).to1DArray()),
    covariance: turn.mmul(covariance).mmul(turn.transpose()),
  };
}

it('estimates mean and unbiased covariance', () => {
  const { mean, covariance } = gaussianOf(Float32Array.of(1, 2, 3, 6, 5, 4), 2);
  expect(Array.from(mean)).toEqual([3, 4]);
  expect(covariance.to2DArray()).toEqual([
    [4, 2],
    [2, 4],
  ]);
  expect(() => gaussianOf(Float32Array.of(1, 2), 2)).toThrow('1 feature vectors; expected at least 2');
});

it('has the closed form of diagonal Gaussians: sums of squared differences of means and standard deviations', () => {
  const a = diagonal([0, 1], [4, 9]);
  const b = diagonal([2, 1], [1, 16]);
  expect(frechetDistance(a, b)).toBeCloseTo(4 + 1 + 1, 12);
  expect(frechetDistance(rotated(a, 0.7), rotated(b, 0.7))).toBeCloseTo(6, 10);
});

it('has the closed form of Gaussians that do not share their axes', () => {
  const a = diagonal([0, 0], [5, 2]);
  const b = rotated(diagonal([0, 0], [7, 1]), 0.9);
  // In two dimensions tr(M^½) = sqrt(tr M + 2 sqrt(det M)).
  const product = a.covariance.mmul(b.covariance);
  const traceOfRoot = Math.sqrt(product.trace() + 2 * Math.sqrt(5 * 2 * 7 * 1));
  expect(frechetDistance(a, b)).toBeCloseTo(7 + 8 - 2 * traceOfRoot, 10);
  expect(frechetDistance(b, a)).toBeCloseTo(frechetDistance(a, b), 10);
});

it('is 0 between equal sets, of fewer images than features too', () => {
  const features = normals(1, 0, 20 * 64);
  const gaussian = gaussianOf(features, 64);
  expect(frechetDistance(gaussian, gaussian)).toBeLessThan(1e-6);
  const moved = gaussianOf(
    features.map((value) => value + 1),
    64,
  );
  expect(frechetDistance(gaussian, moved)).toBeCloseTo(64, 3);
});
