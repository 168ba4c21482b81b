import '#stock-gradients';
import { matMul, type Tensor1D, type Tensor2D, tensor1d, tensor2d, tensor4d, zerosLike } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { readTensorsFixture } from '../../scripts/testing/fixtures.ts';
import { normals } from '../core/random.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { sampleLatents } from '../networks/autoencoderKl.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import {
  attributeLoss,
  attributeWeights,
  coarseDifference,
  diffusionLoss,
  elbo,
  gradientDifference,
  klDivergence,
  klOfImages,
  logLikelihood,
  minSnrWeights,
  reconstructionError,
  weightedDifference,
} from './losses.ts';

const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

const KINDS = { hair: 3, wear: 'number', eyes: 2 } as const;
/** Four pictures: the hair of the second is not known, and the eyes of the last alone are. */
const KNOWN = [2, 0.5, -1, -1, 0.25, -1, 0, -1, -1, 1, 1, 1];

/** The loss of attributes by its equation, in float64. */
function expectedAttributeLoss(logits: ArrayLike<number>): number {
  const crossEntropyOf = (row: number[], right: number) =>
    Math.log(row.reduce((total, value) => total + Math.exp(value), 0)) - row[right]!;
  const rows = [0, 1, 2, 3].map((i) => Array.from(logits).slice(6 * i, 6 * i + 6));
  const hair = [0, 2, 3].map((i) => crossEntropyOf(rows[i]!.slice(0, 3), KNOWN[3 * i]!));
  const wear = [0, 1, 3].map((i) => (rows[i]![3]! - KNOWN[3 * i + 1]!) ** 2 / (2 * 0.1 ** 2));
  const eyes = crossEntropyOf(rows[3]!.slice(4), 1);
  return meanOf(hair) + meanOf(wear) + eyes;
}

describeOnBackends((backend) => {
  const scalarOf = async (compute: Parameters<typeof valuesOn>[1]) => (await valuesOn(backend, compute))[0]!.values[0]!;

  it('adds up the losses of the attributes that are known', async () => {
    const logits = draw(9, [4, 6], { std: 2 });
    const lossOf = (values: Tensor2D) => attributeLoss(KINDS, values, KNOWN, attributeWeights(KNOWN, 3));
    expect(await scalarOf(() => [lossOf(toTensor(logits))])).toBeCloseTo(expectedAttributeLoss(logits.values), 4);
    await checkGradients(backend, (values) => lossOf(values as Tensor2D), [logits]);
  });

  it.each(['vae-attn', 'vae-f4'])('agrees with the KL divergence of diffusers, %s', async (name) => {
    const stored = readTensorsFixture(`${name}/case.safetensors`);
    const { shape, data: mean } = stored.get('mean')!;
    const size = mean.length / shape[0]!;
    const image = (key: string, i: number): Values => ({
      shape: [1, ...shape.slice(1)],
      values: (stored.get(key)!.data as Float32Array).slice(i * size, (i + 1) * size),
    });
    for (const [i, expected] of stored.get('kl')!.data.entries()) {
      const kl = await scalarOf(() => [
        klDivergence({ mean: toTensor(image('mean', i)), logVar: toTensor(image('logvar', i)) }),
      ]);
      expect(Math.abs((kl * size) / expected - 1)).toBeLessThan(1e-4);
    }
  });

  it('agrees with a Monte Carlo estimate of the KL divergence', async () => {
    const [mu, logVar] = [0.8, -1.2];
    const std = Math.exp(logVar / 2);
    const log = normals(1, 0, 100_000).map((eps) => {
      const z = mu + std * eps;
      return -0.5 * (eps ** 2 + logVar) + 0.5 * z ** 2;
    });
    const filled = (value: number) => tensor4d([value, value], [1, 1, 1, 2]);
    const kl = await scalarOf(() => [klDivergence({ mean: filled(mu), logVar: filled(logVar) })]);
    const spread = Math.sqrt(meanOf(log.map((value) => value ** 2)) / log.length);
    expect(Math.abs(kl - meanOf(log))).toBeLessThan(5 * spread);
    expect(await scalarOf(() => [klDivergence({ mean: filled(0), logVar: filled(0) })])).toBe(0);
  });

  it('averages the absolute or the squared error', async () => {
    const [x, y] = [draw(2, [2, 3, 3, 2]), draw(3, [2, 3, 3, 2])];
    const differences = x.values.map((value, i) => value - y.values[i]!);
    const error = (kind: 'l1' | 'l2') => scalarOf(() => [reconstructionError(kind, toTensor(x), toTensor(y))]);
    expectClose([await error('l1')], [meanOf(differences.map(Math.abs))]);
    expectClose([await error('l2')], [meanOf(differences.map((value) => value ** 2))]);
  });

  it('compares finite differences, down and to the right', async () => {
    const [batch, height, width, channels] = [2, 3, 4, 2];
    const [x, y] = [draw(2, [batch, height, width, channels]), draw(3, [batch, height, width, channels])];
    const at = (values: ArrayLike<number>, i: number, row: number, column: number, c: number) =>
      values[((i * height + row) * width + column) * channels + c]!;
    const steps = { down: [] as number[], right: [] as number[] };
    for (let i = 0; i < batch; i++) {
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          for (let c = 0; c < channels; c++) {
            const step = (values: ArrayLike<number>, dRow: number, dColumn: number) =>
              at(values, i, row + dRow, column + dColumn, c) - at(values, i, row, column, c);
            const error = (...to: [number, number]) => Math.abs(step(y.values, ...to) - step(x.values, ...to));
            if (row + 1 < height) steps.down.push(error(1, 0));
            if (column + 1 < width) steps.right.push(error(0, 1));
          }
        }
      }
    }
    const expected = (meanOf(steps.down) + meanOf(steps.right)) / 2;
    expectClose([await scalarOf(() => [gradientDifference(toTensor(x), toTensor(y))])], [expected]);
  });

  it('compares the averages of blocks', async () => {
    const [x, y] = [draw(6, [2, 4, 6, 3]), draw(7, [2, 4, 6, 3])];
    const averages = new Map<string, number>();
    for (const [i, value] of y.values.entries()) {
      const [image, row, column, channel] = [Math.floor(i / 72), Math.floor(i / 18) % 4, Math.floor(i / 3) % 6, i % 3];
      const block = [image, row >> 1, column >> 1, channel].join();
      averages.set(block, (averages.get(block) ?? 0) + (value - x.values[i]!) / 4);
    }
    expect(averages.size).toBe(2 * 2 * 3 * 3);
    const expected = meanOf([...averages.values()].map(Math.abs));
    expectClose([await scalarOf(() => [coarseDifference(toTensor(x), toTensor(y), 2)])], [expected]);
  });

  it('weighs the pixels of the absolute error', async () => {
    const [x, y, weights] = [draw(2, [2, 3, 3, 2]), draw(3, [2, 3, 3, 2]), draw(4, [2, 3, 3, 1])];
    const errors = x.values.map((value, i) => Math.abs(value - y.values[i]!) * weights.values[i >> 1]!);
    const loss = () => [weightedDifference(toTensor(x), toTensor(y), toTensor(weights))];
    expectClose([await scalarOf(loss)], [meanOf(errors)]);
  });

  it('weighs the images of the diffusion loss', async () => {
    const [x, y] = [draw(4, [2, 2, 2, 2]), draw(5, [2, 2, 2, 2])];
    const squares = x.values.map((value, i) => (value - y.values[i]!) ** 2);
    const loss = (weights: number[] | null) =>
      scalarOf(() => {
        const weightTensor = weights && tensor4d(weights, [2, 1, 1, 1]);
        return [diffusionLoss(toTensor(x), toTensor(y), weightTensor)];
      });
    expectClose([await loss(null)], [meanOf(squares)]);
    expectClose([await loss([3, 0.5])], [(3 * meanOf(squares.slice(0, 8)) + 0.5 * meanOf(squares.slice(8))) / 2]);
  });
});

const schedule = (fields: object = {}) =>
  createSchedule(parseSchedulerConfig({ _class_name: 'DDPMScheduler', ...fields }, 'test'));

const ALL = Array.from({ length: 1000 }, (_, t) => t);

describe('minSnrWeights', () => {
  it('makes one loss of the three: an error in x0 costs the same whatever is predicted', () => {
    const { alphasCumprod } = schedule();
    const [ofX0, ofEps, ofV] = (['sample', 'epsilon', 'v_prediction'] as const).map((type) =>
      minSnrWeights(schedule(), ALL, 5, type),
    ) as [Float64Array, Float64Array, Float64Array];
    for (const t of ALL) {
      const [signal, noise] = [Math.sqrt(alphasCumprod[t]!), Math.sqrt(1 - alphasCumprod[t]!)];
      const epsError = signal / noise; // that goes with an x0 error of 1 at the same xt
      const vError = signal * epsError + noise;
      expect(ofEps[t]! * epsError ** 2).toBeCloseTo(ofX0[t]!, 9);
      expect(ofV[t]! * vError ** 2).toBeCloseTo(ofX0[t]!, 9);
    }
  });

  it('clamps at gamma, and only above it', () => {
    const { alphasCumprod } = schedule();
    const weights = minSnrWeights(schedule(), ALL, 5, 'sample');
    const snr = (t: number) => alphasCumprod[t]! / (1 - alphasCumprod[t]!);
    expect(ALL.filter((t) => weights[t] === 5).length).toBe(ALL.filter((t) => snr(t) >= 5).length);
    expect(weights[999]).toBe(snr(999));
    expect(minSnrWeights(schedule(), ALL, Number.POSITIVE_INFINITY, 'epsilon')).toEqual(new Float64Array(1000).fill(1));
  });

  it('is finite at zero terminal SNR and takes the prediction type of the schedule', () => {
    const zero = { rescale_betas_zero_snr: true };
    expect(minSnrWeights(schedule({ ...zero, prediction_type: 'v_prediction' }), [999], 5)[0]).toBe(0);
    expect(minSnrWeights(schedule(zero), [999], 5)[0]).toBe(1);
  });

  it.each([0, -1, Number.NaN])('refuses gamma %d', (gamma) => {
    expect(() => minSnrWeights(schedule(), [1], gamma)).toThrow(/gamma is .*; expected a number above 0/);
  });
});

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
