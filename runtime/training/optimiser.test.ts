import { memory, type Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values } from '../../scripts/testing/backends.ts';
import { ADAM_W_DEFAULTS } from '../kernels/adamW.ts';
import { expectClose } from '../testing/matchers.ts';
import { globalNorm, optimise, zeroMoments } from './optimiser.ts';

const VALUES: Record<string, Values> = {
  'conv.weight': draw(1, [3, 3, 2, 4]),
  'conv.bias': draw(2, [4]),
  'linear.weight': draw(3, [5, 6]),
  'class_embedding.weight': draw(4, [3, 5]),
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
