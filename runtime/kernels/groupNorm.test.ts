import {
  add,
  div,
  moments,
  mul,
  reshape,
  sigmoid,
  sqrt,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { groupNorm } from './groupNorm.ts';

interface Case {
  shape: number[];
  numGroups: number;
  silu: boolean;
  modulated: boolean;
}

const plain = { silu: false, modulated: false };

const SMALL_CASES: Case[] = [
  { shape: [2, 5, 3, 6], numGroups: 3, ...plain },
  { shape: [2, 5, 3, 6], numGroups: 2, silu: true, modulated: false },
  { shape: [3, 2, 4, 9], numGroups: 3, silu: false, modulated: true },
  { shape: [2, 3, 3, 16], numGroups: 4, silu: true, modulated: true },
  { shape: [2, 7, 8], numGroups: 1, silu: true, modulated: true },
  { shape: [2, 10], numGroups: 2, ...plain },
];

const LARGE_CASES: Case[] = [
  { shape: [20, 8, 8, 32], numGroups: 4, silu: true, modulated: true },
  { shape: [2, 24, 32, 20], numGroups: 4, silu: true, modulated: false },
  { shape: [2, 2, 3, 514], numGroups: 1, silu: true, modulated: false },
];

function inputsOf({ shape, modulated }: Case): Values[] {
  const numChannels = shape[shape.length - 1]!;
  const inputs = [draw(1, shape, { mean: 0.5 }), draw(2, [numChannels], { mean: 1, std: 0.3 }), draw(3, [numChannels])];
  if (!modulated) return inputs;
  const modulationShape = [shape[0]!, numChannels];
  return [...inputs, draw(4, modulationShape, { std: 0.5 }), draw(5, modulationShape, { std: 0.5 })];
}

function ours({ numGroups, silu }: Case, [x, gamma, beta, scale, shift]: Tensor[]): Tensor {
  const modulation = scale && shift ? { scale: scale as Tensor2D, shift: shift as Tensor2D } : null;
  return groupNorm(x!, gamma as Tensor1D, beta as Tensor1D, { numGroups, silu, modulation });
}

/** The definition, from tfjs's own operations. */
function composed({ shape, numGroups, silu }: Case, [x, gamma, beta, scale, shift]: Tensor[]): Tensor {
  const [numImages, numChannels] = [shape[0]!, shape[shape.length - 1]!];
  const grouped = reshape(x!, [numImages, -1, numGroups, numChannels / numGroups]);
  const { mean, variance } = moments(grouped, [1, 3], true);
  const xHat = reshape(div(sub(grouped, mean), sqrt(add(variance, 1e-5))), [numImages, -1, numChannels]);
  let z: Tensor = add(mul(xHat, gamma!), beta!);
  if (scale && shift) {
    const perImage = [numImages, 1, numChannels];
    z = add(mul(z, add(1, reshape(scale, perImage))), reshape(shift, perImage));
  }
  return reshape(silu ? mul(z, sigmoid(z)) : z, shape);
}

const named = (cases: Case[]) =>
  cases.map((c) => {
    const extras = `${c.silu ? ' silu' : ''}${c.modulated ? ' modulated' : ''}`;
    return [`(${c.shape}) in ${c.numGroups} groups${extras}`, c] as const;
  });

describeOnBackends((backend) => {
  test.each(named([...SMALL_CASES, ...LARGE_CASES]))('groupNorm of %s agrees with tf.moments', async (_, c) => {
    const inputs = inputsOf(c);
    const [actual] = await valuesOn(backend, () => [ours(c, inputs.map(toTensor))]);
    const [expected] = await valuesOn('cpu', () => [composed(c, inputs.map(toTensor))]);
    expect(actual!.shape).toEqual(c.shape);
    expectClose(actual!.values, expected!.values, { absolute: 0, relative: 3e-6 });
  });

  test('groupNorm keeps its precision where the mean is much larger than the deviation', async () => {
    const c = { shape: [2, 32, 32, 16], numGroups: 2, ...plain };
    const [x, ...others] = inputsOf(c);
    const inputs = [draw(9, x!.shape, { mean: 300 }), ...others];
    const [actual] = await valuesOn(backend, () => [ours(c, inputs.map(toTensor))]);
    const [expected] = await valuesOn('cpu', () => [ours(c, inputs.map(toTensor))]);
    expectClose(actual!.values, expected!.values, { absolute: 1e-4, relative: 0 });
  });

  describe('gradients', () => {
    const cases = backend === 'cpu' ? SMALL_CASES : [...SMALL_CASES, ...LARGE_CASES];
    test.each(named(cases))('%s', async (_, c) => {
      await checkGradients(backend, (...inputs) => ours(c, inputs), inputsOf(c));
    });
  });
});

test.each<[string, number[], number[]]>([
  ['of another batch', [3, 6], [3, 6]],
  ['of other channels', [2, 3], [2, 3]],
  ['that do not fit each other', [2, 6], [2, 3]],
])('groupNorm refuses scale and shift %s', async (_, scale, shift) => {
  const c = { shape: [2, 5, 3, 6], numGroups: 3, silu: false, modulated: true };
  const [x, gamma, beta] = inputsOf(c);
  await valuesOn('cpu', () => {
    const inputs = [x!, gamma!, beta!, draw(4, scale), draw(5, shift)].map(toTensor);
    expect(() => ours(c, inputs)).toThrow(`groupNorm: scale (${scale}) and shift (${shift}) must be (2, 6)`);
    return [];
  });
});
