import { matMul, mul, reshape, softmax, type Tensor, type Tensor3D, transpose } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { attention } from './attention.ts';

interface Case {
  shape: [numImages: number, numTokens: number, numChannels: number];
  numHeads: number;
}

/** Two head dimensions only, 65 and 8: WebGPU compiles its shaders again for each. */
const SMALL_CASES: Case[] = [
  { shape: [2, 5, 130], numHeads: 2 },
  { shape: [2, 9, 8], numHeads: 1 },
];

const LARGE_CASES: Case[] = [
  { shape: [2, 70, 24], numHeads: 3 },
  { shape: [1, 520, 8], numHeads: 1 },
];

/** Queries large enough that some softmax rows are nearly one-hot. */
function inputsOf({ shape }: Case): Values[] {
  return [draw(1, shape, { std: 3 }), draw(2, shape), draw(3, shape)];
}

/** The definition, from tfjs's own operations. */
function composed({ shape: [n, t, c], numHeads }: Case, inputs: Tensor[]): Tensor {
  const d = c / numHeads;
  const [q, k, v] = inputs.map((x) => transpose(reshape(x, [n, t, numHeads, d]), [0, 2, 1, 3]));
  const weights = softmax(mul(matMul(q!, k!, false, true), 1 / Math.sqrt(d)));
  return reshape(transpose(matMul(weights, v!), [0, 2, 1, 3]), [n, t, c]);
}

function ours({ numHeads }: Case, [q, k, v]: Tensor[]): Tensor {
  return attention(q as Tensor3D, k as Tensor3D, v as Tensor3D, numHeads);
}

const named = (cases: Case[]) => cases.map((c) => [`(${c.shape}) with ${c.numHeads} heads`, c] as const);

describeOnBackends((backend) => {
  const cases = backend === 'cpu' ? SMALL_CASES : [...SMALL_CASES, ...LARGE_CASES];

  test.each(named(cases))('attention of %s agrees with tf.softmax', async (_, c) => {
    const inputs = inputsOf(c);
    const [actual] = await valuesOn(backend, () => [ours(c, inputs.map(toTensor))]);
    const [expected] = await valuesOn('cpu', () => [composed(c, inputs.map(toTensor))]);
    expect(actual!.shape).toEqual(c.shape);
    expectClose(actual!.values, expected!.values, { absolute: 0, relative: 5e-6 });
  });

  test('attention to equal scores far from zero is their mean', async () => {
    const shape = [1, 7, 8];
    const same = { shape, values: new Float32Array(56).fill(40) };
    const v = draw(5, shape);
    const [actual] = await valuesOn(backend, () => [attention(toTensor(same), toTensor(same), toTensor(v), 1)]);
    const mean = (channel: number) => [0, 1, 2, 3, 4, 5, 6].reduce((sum, t) => sum + v.values[8 * t + channel]! / 7, 0);
    const expected = Array.from({ length: 56 }, (_, i) => mean(i % 8));
    expectClose(actual!.values, expected, { absolute: 1e-5 });
  });

  describe('gradients', () => {
    test.each(named(cases))('%s', async (_, c) => {
      await checkGradients(backend, (...inputs) => ours(c, inputs), inputsOf(c));
    });
  });
});
