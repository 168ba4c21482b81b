import { matMul, type Tensor1D, type Tensor2D, tensor1d, tensor2d, zerosLike } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { normals } from '../core/random.ts';
import { sampleLatents } from '../networks/latentDistribution.ts';
import { expectClose } from '../testing/matchers.ts';
import { elbo, klOfImages, logLikelihood } from './evidenceBound.ts';

const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

const spreadOf = (values: Float32Array) => {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)) / values.length);
};

/**
 * A linear VAE whose evidence is known: x = W z + scale · noise in two dimensions, the columns of W at right angles, so
 * that the true posterior is diagonal. x ~ N(0, W Wᵀ + scale² I).
 */
const W = [
  [1.2, -0.5],
  [0.6, 1],
] as const;
const SCALE = 0.7;
const X = [0.9, -1.4] as const;
const COLUMN_SQUARES = [0, 1].map((j) => W[0][j]! ** 2 + W[1][j]! ** 2);

/** log N(x; 0, W Wᵀ + scale² I). */
function logEvidence(): number {
  const entry = (i: number, k: number) => W[i]![0] * W[k]![0] + W[i]![1] * W[k]![1] + (i === k ? SCALE ** 2 : 0);
  const [a, b, d] = [entry(0, 0), entry(0, 1), entry(1, 1)];
  const determinant = a * d - b * b;
  const quadratic = (d * X[0] ** 2 - 2 * b * X[0] * X[1] + a * X[1] ** 2) / determinant;
  return -0.5 * (quadratic + Math.log(determinant) + 2 * Math.log(2 * Math.PI));
}

/** N(mean, diag(variance)), the true p(z | x). */
function truePosterior() {
  const variance = COLUMN_SQUARES.map((square) => 1 / (1 + square / SCALE ** 2));
  const mean = variance.map((value, j) => (value * (W[0][j]! * X[0] + W[1][j]! * X[1])) / SCALE ** 2);
  return { mean, logVar: variance.map(Math.log) };
}

describeOnBackends((backend) => {
  /** The number of draws; for as many as the others make, a software GPU takes a second. */
  const count = backend === 'webgpu' ? 10_000 : 100_000;

  /** Bounds of x from so many draws of z, by the functions that train. */
  async function bounds({ mean, logVar }: { mean: number[]; logVar: number[] }): Promise<Float32Array> {
    const eps = normals(1, 0, 2 * count);
    const repeat = (pair: readonly number[]) =>
      tensor2d(
        Float32Array.from(eps, (_, i) => pair[i % 2]!),
        [count, 2],
      );
    const [values] = await valuesOn(backend, () => {
      const distribution = { mean: repeat(mean), logVar: repeat(logVar) };
      const z = sampleLatents<Tensor2D>(distribution, tensor2d(eps, [count, 2]));
      const decoded = matMul<Tensor2D>(z, tensor2d([W[0][0], W[1][0], W[0][1], W[1][1]], [2, 2]));
      return [elbo(logLikelihood('l2', repeat(X), decoded, SCALE), klOfImages(distribution))];
    });
    return values!.values;
  }

  it('is the log evidence at the true posterior, and less at any other', async () => {
    const expected = logEvidence();
    const posterior = truePosterior();
    const tight = await bounds(posterior);
    expect(Math.abs(meanOf(tight) - expected)).toBeLessThan(5 * spreadOf(tight));
    const others = [
      { ...posterior, mean: posterior.mean.map((value) => value + 0.3) },
      { ...posterior, logVar: posterior.logVar.map((value) => value + 0.7) },
      { mean: [0, 0], logVar: [0, 0] },
    ];
    for (const other of others) {
      const loose = await bounds(other);
      expect(meanOf(loose) + 5 * spreadOf(loose)).toBeLessThan(expected);
    }
  });

  it('falls short by the divergence from the true posterior', async () => {
    const { mean, logVar } = truePosterior();
    const off = 0.4;
    const gap = logVar.reduce((sum, value) => sum + (0.5 * off ** 2) / Math.exp(value), 0);
    const loose = await bounds({ mean: mean.map((value) => value + off), logVar });
    expect(Math.abs(logEvidence() - meanOf(loose) - gap)).toBeLessThan(5 * spreadOf(loose));
  });

  it('agrees with a Monte Carlo estimate of the divergence', async () => {
    const [mean, logVar] = [
      [0.8, -0.3],
      [-1.2, 0.4],
    ];
    const eps = normals(2, 0, 2 * count);
    const logRatios = Float32Array.from({ length: count }, (_, i) =>
      [0, 1].reduce((sum, j) => {
        const draw = eps[2 * i + j]!;
        const z = mean![j]! + Math.exp(logVar![j]! / 2) * draw;
        return sum - 0.5 * (draw ** 2 + logVar![j]!) + 0.5 * z ** 2;
      }, 0),
    );
    const [kl] = await valuesOn(backend, () => [
      klOfImages({ mean: tensor2d([...mean!, 0, 0], [2, 2]), logVar: tensor2d([...logVar!, 0, 0], [2, 2]) }),
    ]);
    expect(Math.abs(kl!.values[0]! - meanOf(logRatios))).toBeLessThan(5 * spreadOf(logRatios));
    expect(kl!.values[1]).toBe(0);
  });

  it('gives the density of each image, which integrates to 1', async () => {
    const [x, y] = [draw(3, [2, 2, 3, 2]), draw(4, [2, 2, 3, 2])];
    const sums = (term: (difference: number) => number) =>
      [0, 1].map((image) =>
        Array.from({ length: 12 }, (_, i) => term(x.values[12 * image + i]! - y.values[12 * image + i]!)).reduce(
          (a, b) => a + b,
        ),
      );
    const of = async (kind: 'l1' | 'l2') =>
      (await valuesOn(backend, () => [logLikelihood(kind, toTensor(x), toTensor(y), 0.4)]))[0]!.values;
    expectClose(
      await of('l1'),
      sums((d) => -Math.abs(d) / 0.4 - Math.log(0.8)),
    );
    expectClose(
      await of('l2'),
      sums((d) => (-0.5 * d ** 2) / 0.16 - Math.log(0.4 * Math.sqrt(2 * Math.PI))),
    );
    const points = Float32Array.from({ length: 8001 }, (_, i) => (i - 4000) / 400);
    for (const kind of ['l1', 'l2'] as const) {
      const [logs] = await valuesOn(backend, () => {
        const grid = tensor2d(points, [points.length, 1]);
        return [logLikelihood(kind, grid, zerosLike(grid), 0.4)];
      });
      expect(logs!.values.reduce((sum, value) => sum + Math.exp(value) / 400, 0)).toBeCloseTo(1, 3);
    }
  });

  it('weighs the divergence of each image', async () => {
    const [values] = await valuesOn(backend, () => {
      const weights: Tensor1D = tensor1d([0, 0.5, 1]);
      return [elbo(tensor1d([-10, -10, -10]), tensor1d([4, 4, 4]), weights)];
    });
    expect(Array.from(values!.values)).toEqual([-10, -12, -14]);
  });
});
