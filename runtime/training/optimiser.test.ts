import { memory, scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { ADAM_W_DEFAULTS } from '../kernels/adamW.ts';
import { expectClose } from '../testing/matchers.ts';
import { globalNorm, learningRateAt, optimise, updateEma, zeroMoments } from './optimiser.ts';

const OPTIONS = { learningRate: 0.01, numWarmupSteps: 4, decayFrom: 0.5, finalShare: 0.1 };

describe('learningRateAt', () => {
  it('rises evenly to the full rate in numWarmupSteps steps', () => {
    const rates = [0, 1, 2, 3, 4].map((step) => learningRateAt(OPTIONS, step, 0));
    for (const [i, share] of [0.25, 0.5, 0.75, 1, 1].entries()) expect(rates[i]).toBeCloseTo(0.01 * share, 12);
    expect(learningRateAt({ ...OPTIONS, numWarmupSteps: 0 }, 0, 0)).toBe(0.01);
  });

  it('stays until decayFrom, then falls by half a cosine to finalShare', () => {
    const rateAt = (progress: number) => learningRateAt(OPTIONS, 100, progress);
    expect(rateAt(0.5)).toBeCloseTo(0.01, 12);
    expect(rateAt(0.75)).toBeCloseTo(0.01 * (0.1 + 0.9 / 2), 12);
    expect(rateAt(1)).toBeCloseTo(0.001, 12);
    expect(rateAt(1.2)).toBeCloseTo(0.001, 12);
  });

  it('never falls when the decay begins at the end', () => {
    expect(learningRateAt({ ...OPTIONS, decayFrom: 1 }, 100, 0.999)).toBe(0.01);
  });
});

const VALUES: Record<string, Values> = {
  'conv.weight': draw(1, [3, 3, 2, 4]),
  'conv.bias': draw(2, [4]),
  'linear.weight': draw(3, [5, 6]),
  'class_embedding.weight': draw(4, [3, 5]),
  position_embedding: draw(5, [1, 2, 2, 3]),
};
const tensors = () => Object.fromEntries(Object.entries(VALUES).map(([name, value]) => [name, toTensor(value)]));

describeOnBackends(() => {
  it('measures all gradients as one vector', async () => {
    const grads = tensors();
    const before = memory().numTensors;
    const expected = Math.hypot(...Object.values(VALUES).flatMap(({ values }) => [...values]));
    expect(Math.abs((await globalNorm(grads)) / expected - 1)).toBeLessThan(1e-5);
    expect(memory().numTensors).toBe(before);
  });

  it('measures many gradients, in an order that is not theirs', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `w${i}`);
    const grads = Object.fromEntries(names.map((name, i) => [name, toTensor(draw(i, [3, i + 1]))]));
    const all = names.flatMap((_, i) => [...draw(i, [3, i + 1]).values]);
    const norm = await globalNorm(grads);
    expectClose([norm], [Math.hypot(...all)]);
    expect(await globalNorm(Object.fromEntries(Object.entries(grads).reverse()))).toBe(norm);
  });

  it('lets weight decay pull on filters and matrices alone', async () => {
    const weights: Record<string, Tensor> = tensors();
    const moments = zeroMoments(weights, () => true);
    const before = memory().numTensors;
    const grads = Object.fromEntries(Object.entries(VALUES).map(([name, { shape }]) => [name, zerosOf(shape)]));
    const attrs = { ...ADAM_W_DEFAULTS, learningRate: 0.1, weightDecay: 0.5, step: 1, gradScale: 1 };
    optimise(weights, moments, grads, attrs);
    expect(memory().numTensors).toBe(before);
    for (const [name, { values }] of Object.entries(VALUES)) {
      const kept = name === 'conv.weight' || name === 'linear.weight' ? 0.95 : 1;
      const expected = values.map((value) => kept * value);
      expectClose(await weights[name]!.data(), expected, {}, name);
    }
  });

  it('steps by the rate along the sign at first, and leaves weights without a gradient alone', async () => {
    const weights: Record<string, Tensor> = tensors();
    const moments = zeroMoments(weights, (name) => name === 'conv.bias');
    const grads = { 'conv.bias': toTensor(VALUES['conv.bias']!) };
    optimise(weights, moments, grads, { ...ADAM_W_DEFAULTS, learningRate: 0.1, step: 1, gradScale: 0.25 });
    const expected = VALUES['conv.bias']!.values.map((value) => value - 0.1 * Math.sign(value));
    expectClose(await weights['conv.bias']!.data(), expected, { absolute: 1e-5 });
    expectClose(await weights['conv.weight']!.data(), VALUES['conv.weight']!.values);
    expect(Object.keys(moments)).toEqual(['conv.bias']);
  });
});

function zerosOf(shape: number[]): Tensor {
  return toTensor({ shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
}

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

describe('updateEma', () => {
  it('is the weighted sum of all weights so far, and frees the old tensors', async () => {
    const ema: Record<string, Tensor> = { w: scalar(5) };
    let expected = 5;
    const before = memory().numTensors;
    for (let step = 1; step <= 40; step++) {
      const weights = { w: scalar(Math.sin(step)) };
      updateEma(ema, weights, 0.7, step);
      weights.w.dispose();
      const decay = Math.min(0.7, (1 + step) / (10 + step));
      expected = decay * expected + (1 - decay) * Math.sin(step);
    }
    expect(memory().numTensors).toBe(before);
    expectClose(await ema.w!.data(), [expected]);
  });

  it('lets the first steps through', async () => {
    const ema: Record<string, Tensor> = { w: tensor1d([0, 0]) };
    updateEma(ema, { w: tensor1d([11, -11]) }, 0.999, 1);
    expectClose(await ema.w!.data(), [9, -9]);
  });

  it('leaves alone what it is given no weight for', async () => {
    const frozen = scalar(0.1);
    const ema: Record<string, Tensor> = { frozen, w: scalar(1) };
    updateEma(ema, { w: scalar(2) }, 0.9, 1);
    expect(ema.frozen).toBe(frozen);
    expect(frozen.isDisposed).toBe(false);
  });
});
