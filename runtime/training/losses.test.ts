import '#stock-gradients';
import { type Tensor2D, tensor4d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { readTensorsFixture } from '../../scripts/testing/fixtures.ts';
import { normals } from '../core/random.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import {
  attributeLoss,
  attributeWeights,
  coarseDifference,
  diffusionLoss,
  gradientDifference,
  klDivergence,
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
