import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { posterior, qSample, renoise, vTarget } from './forward.ts';
import { CLEAN, levelOf, type NoiseLevel } from './noiseLevel.ts';
import { alphaBar, createSchedule } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const schedule = createSchedule(parseSchedulerConfig({ _class_name: 'DDPMScheduler' }, 'test'));

/** (B, 2, 2, 1) with values from a stream of its own. */
const batch = (stream: number, size = 3) => tf.tensor4d(normals(1, stream, size * 4), [size, 2, 2, 1]);

/** Runs, reads what comes back, and checks that nothing but it was left. */
async function read(make: () => tf.Tensor): Promise<Float32Array> {
  const numTensors = tf.memory().numTensors;
  const result = make();
  expect(tf.memory().numTensors).toBe(numTensors + 1);
  const values = (await result.data()) as Float32Array;
  result.dispose();
  return values;
}

describe.each(['cpu', 'wasm'])('the forward process on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('qSample and vTarget mix x0 and eps of each image by its own t', async () => {
    const t = [0, 500, 999];
    const [x0, eps] = [batch(0), batch(1)];
    const xt = await read(() => qSample(schedule, x0, t, eps));
    const v = await read(() => vTarget(schedule, x0, Int32Array.from(t), eps));
    const [x0Data, epsData] = [await x0.data(), await eps.data()];
    for (let i = 0; i < 12; i++) {
      const angle = Math.acos(Math.sqrt(schedule.alphasCumprod[t[Math.floor(i / 4)]!]!));
      expect(xt[i]).toBeCloseTo(Math.cos(angle) * x0Data[i]! + Math.sin(angle) * epsData[i]!, 5);
      expect(v[i]).toBeCloseTo(Math.cos(angle) * epsData[i]! - Math.sin(angle) * x0Data[i]!, 5);
    }
    tf.dispose([x0, eps]);
  });

  it('qSample is where the chain q(xt | xt−1) arrives (Monte Carlo)', async () => {
    const [count, steps, start] = [20_000, 200, 0.8];
    const chain = new Float64Array(count).fill(start);
    for (let t = 0; t <= steps; t++) {
      const noise = normals(2, t, count);
      const beta = schedule.betas[t]!;
      for (let i = 0; i < count; i++) chain[i] = Math.sqrt(1 - beta) * chain[i]! + Math.sqrt(beta) * noise[i]!;
    }
    const [x0, eps] = [tf.fill([1, count], start), tf.tensor(normals(3, 0, count), [1, count])];
    const direct = await read(() => qSample(schedule, x0, [steps], eps));
    const [a, b] = [momentsOf(chain), momentsOf(direct)];
    const standardError = a.std * Math.sqrt(2 / count);
    expect(Math.abs(a.mean - b.mean)).toBeLessThan(4 * standardError);
    expect(Math.abs(a.std - b.std)).toBeLessThan(4 * standardError);
    tf.dispose([x0, eps]);
  });

  it('posterior is the product of the two Gaussians that meet at xt−1', async () => {
    const t = [1, 400, 999];
    const [x0, xt] = [batch(0), batch(1)];
    let variance = new Float64Array();
    const mean = await read(() => {
      const result = posterior(schedule, x0, xt, t);
      variance = Float64Array.from(result.variance);
      return result.mean;
    });
    const [x0Data, xtData] = [await x0.data(), await xt.data()];
    for (let i = 0; i < 12; i++) {
      const image = Math.floor(i / 4);
      const beta = schedule.betas[t[image]!]!;
      const before = alphaBar(schedule, t[image]! - 1);
      const precision = (1 - beta) / beta + 1 / (1 - before); // of q(xt | xt−1), of q(xt−1 | x0)
      const pull = (Math.sqrt(1 - beta) / beta) * xtData[i]! + (Math.sqrt(before) / (1 - before)) * x0Data[i]!;
      expect(Math.abs(variance[image]! * precision - 1)).toBeLessThan(1e-3); // alphasCumprod is float32
      expect(Math.abs(mean[i]! - pull / precision)).toBeLessThan(1e-3);
    }
    tf.dispose([x0, xt]);
  });

  it('posterior at t = 0 is x0 itself', async () => {
    const [x0, xt] = [batch(0), batch(1)];
    const mean = await read(() => posterior(schedule, x0, xt, [0, 0, 0]).mean);
    expect(mean).toEqual(await x0.data());
    expect(posteriorVariance(x0, xt)).toEqual(new Float64Array(3));
    tf.dispose([x0, xt]);
  });

  it('refuses shapes and timesteps that do not fit', () => {
    const [x0, eps] = [batch(0), batch(1, 2)];
    expect(() => qSample(schedule, x0, [1, 2, 3], eps)).toThrow(/eps has shape \(2,2,2,1\); expected the shape of x0/);
    expect(() => vTarget(schedule, x0, [1], x0)).toThrow(/t has 1 values; expected one for each of the 3 images/);
    expect(() => posterior(schedule, x0, x0, [1, 2, 1000])).toThrow(RangeError);
    expect(() => qSample(schedule, x0, [1, 2, -1], x0)).toThrow(RangeError);
    tf.dispose([x0, eps]);
  });
});

function posteriorVariance(x0: tf.Tensor, xt: tf.Tensor): Float64Array {
  const { mean, variance } = posterior(schedule, x0, xt, [0, 0, 0]);
  mean.dispose();
  return variance;
}

function momentsOf(values: ArrayLike<number>): { mean: number; std: number } {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return { mean, std: Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length) };
}

const COUNT = 20_000;

/** Every value of the image. */
const IMAGE = 0.7;

/** Renoises the image to each level in turn, with a noise of its own. */
function throughLevels(levels: readonly NoiseLevel[]): Float32Array {
  return tf.tidy(() => {
    let x: tf.Tensor1D = tf.fill([COUNT], IMAGE);
    for (const [i, to] of levels.entries()) {
      x = renoise(x, levels[i - 1] ?? CLEAN, to, tf.tensor1d(normals(3, i, COUNT)));
    }
    return x.dataSync() as Float32Array;
  });
}

describe('renoise', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each([
    ['of variance 1', [0.9, 0.5, 0.02].map(levelOf)],
    ['of variance 1, to pure noise', [0.7, 0].map(levelOf)],
    ['that keep the signal', [0.5, 3, 80].map((noise) => ({ signal: 1, noise }))],
  ])('comes to the same distribution in one go and by levels in between: %s', (_, levels) => {
    const { signal, noise } = levels.at(-1)!;
    for (const way of [levels, levels.slice(-1)]) {
      const { mean, std } = momentsOf(throughLevels(way));
      // The standard errors of the mean and of the standard deviation are noise / sqrt(n) and noise / sqrt(2n).
      expect(Math.abs(mean - signal * IMAGE)).toBeLessThan((4 * noise) / Math.sqrt(COUNT));
      expect(Math.abs(std - noise)).toBeLessThan((4 * noise) / Math.sqrt(2 * COUNT));
    }
  });

  it('weighs x and eps by the closed form', () => {
    const [from, to] = [levelOf(0.64), levelOf(0.36)];
    const value = tf.tidy(() => renoise(tf.scalar(2), from, to, tf.scalar(-1)).dataSync()[0]);
    expect(value).toBeCloseTo(2 * 0.75 - Math.sqrt(0.64 - 0.75 ** 2 * 0.36), 6);
  });

  it('leaves x as it is where no noise is missing', () => {
    const x = tf.tensor1d([0.1, -3]);
    for (const level of [CLEAN, levelOf(0.3), levelOf(0)]) {
      const same = tf.tidy(() => renoise(x, level, level, tf.tensor1d([5, 6])).dataSync());
      if (level.signal > 0) expect([...same]).toEqual([...x.dataSync()]);
      else expect([...same], 'pure noise is drawn again').toEqual([5, 6]);
    }
    x.dispose();
  });

  it('refuses to take noise away', () => {
    const x = tf.scalar(1);
    expect(() => renoise(x, levelOf(0.5), levelOf(0.6), x)).toThrow(/renoise: the level to go to .* has less noise/);
    expect(() => renoise(x, levelOf(0), levelOf(0.1), x)).toThrow(RangeError);
    x.dispose();
  });

  it('leaves its result alone behind', () => {
    const [x, eps] = [tf.scalar(1), tf.scalar(2)];
    const { numTensors } = tf.memory();
    renoise(x, CLEAN, levelOf(0.4), eps).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose([x, eps]);
  });
});
