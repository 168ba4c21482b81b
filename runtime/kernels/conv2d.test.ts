import '@tensorflow/tfjs';
import {
  add,
  engine,
  gather,
  matMul,
  pad,
  conv2d as stockConv2d,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { type Conv2dOptions, conv2d, linear, type Padding, SUM_ROWS } from './conv2d.ts';

interface Case {
  name: string;
  image: [number, number, number, number];
  filter: [number, number, number, number];
  options: Conv2dOptions;
  bias: boolean;
}

const downPadding: Padding = { top: 0, bottom: 1, left: 0, right: 1 };

const SMALL_CASES: Case[] = [
  { name: 'odd sizes', image: [2, 5, 7, 3], filter: [3, 3, 3, 5], options: {}, bias: true },
  { name: 'no bias, 1×1', image: [2, 3, 5, 8], filter: [1, 1, 8, 12], options: {}, bias: false },
  {
    name: 'stride 2, odd channels',
    image: [2, 6, 8, 3],
    filter: [3, 3, 3, 6],
    options: { stride: 2, padding: downPadding },
    bias: true,
  },
  {
    name: 'stride 2',
    image: [2, 8, 6, 4],
    filter: [3, 3, 4, 8],
    options: { stride: 2, padding: downPadding },
    bias: true,
  },
  { name: 'stride 2, even padding', image: [2, 7, 6, 4], filter: [3, 3, 4, 4], options: { stride: 2 }, bias: false },
  { name: 'circular', image: [2, 4, 6, 5], filter: [3, 3, 5, 7], options: { circular: true }, bias: true },
  { name: 'circular 5×5', image: [2, 3, 4, 4], filter: [5, 5, 4, 4], options: { circular: true }, bias: true },
  {
    name: 'circular, stride 2',
    image: [2, 6, 4, 3],
    filter: [3, 3, 3, 4],
    options: { circular: true, stride: 2, padding: downPadding },
    bias: true,
  },
  {
    name: 'filter as large as the image',
    image: [2, 3, 4, 3],
    filter: [3, 4, 3, 4],
    options: { padding: 0 },
    bias: true,
  },
  {
    name: 'border wider than the filter needs',
    image: [2, 3, 3, 2],
    filter: [2, 2, 2, 3],
    options: { padding: { top: 2, bottom: 0, left: 1, right: 3 } },
    bias: false,
  },
];

const LARGE_CASES: Case[] = [
  { name: 'aligned', image: [3, 8, 8, 16], filter: [3, 3, 16, 32], options: {}, bias: true },
  { name: 'many pixels', image: [2, 16, 24, 8], filter: [3, 3, 8, 40], options: {}, bias: true },
  {
    name: 'circular, pixels for two splits',
    image: [2, 8, 9, 6],
    filter: [3, 3, 6, 9],
    options: { circular: true },
    bias: true,
  },
  { name: 'odd sizes of many channels', image: [2, 5, 7, 16], filter: [3, 3, 16, 24], options: {}, bias: true },
  {
    name: 'many circular channels',
    image: [2, 6, 10, 24],
    filter: [3, 3, 24, 16],
    options: { circular: true },
    bias: true,
  },
  {
    name: 'odd circular sizes of many channels, lopsided borders',
    image: [3, 5, 3, 16],
    filter: [3, 3, 16, 16],
    options: { circular: true, padding: { top: 2, bottom: 0, left: 0, right: 2 } },
    bias: false,
  },
  {
    name: 'many channels without a border, and with a wide one',
    image: [2, 5, 4, 16],
    filter: [3, 3, 16, 16],
    options: { padding: { top: 0, bottom: 2, left: 0, right: 1 } },
    bias: true,
  },
  { name: 'more tiles than a group', image: [2, 20, 18, 16], filter: [3, 3, 16, 16], options: {}, bias: true },
  { name: 'tiles of 4×4', image: [1, 16, 20, 16], filter: [3, 3, 16, 24], options: {}, bias: true },
  {
    name: 'tiles of 4×4, which one column and two rows are left of, more than a group',
    image: [4, 14, 17, 16],
    filter: [3, 3, 16, 16],
    options: { circular: true },
    bias: true,
  },
  {
    name: 'tiles of 4×4, which three rows are left of, with lopsided borders',
    image: [2, 15, 16, 24],
    filter: [3, 3, 24, 16],
    options: { padding: { top: 2, bottom: 0, left: 0, right: 2 } },
    bias: false,
  },
  { name: 'many channels', image: [2, 4, 4, 68], filter: [3, 3, 68, 36], options: {}, bias: true },
];

function inputsOf({ image, filter, bias }: Case): Values[] {
  const inputs = [draw(1, image), draw(2, filter, { std: 0.3 })];
  return bias ? [...inputs, draw(3, [filter[3]])] : inputs;
}

function ours({ options }: Case, [x, filter, bias]: Tensor[]): Tensor {
  return conv2d(x as Tensor4D, filter as Tensor4D, bias ?? null, options);
}

function sidesOf({ filter: [kh, kw], options: { padding } }: Case): Padding {
  if (typeof padding === 'object') return padding;
  const [rows, columns] = padding === undefined ? [(kh - 1) / 2, (kw - 1) / 2] : [padding, padding];
  return { top: rows, bottom: rows, left: columns, right: columns };
}

/** Indices −before … size + after − 1, wrapped around. */
function wrapped(size: number, before: number, after: number): Tensor1D {
  const indices = Array.from({ length: before + size + after }, (_, i) => (i - before + 4 * size) % size);
  return tensor1d(indices, 'int32');
}

/** Padding first, then tfjs's own convolution. */
function composed(c: Case, [x, filter, bias]: Tensor[]): Tensor {
  const { stride = 1, circular } = c.options;
  const { top, bottom, left, right } = sidesOf(c);
  const rows = () => gather(x!, wrapped(c.image[1], top, bottom), 1);
  const padded = circular
    ? gather(rows(), wrapped(c.image[2], left, right), 2)
    : pad(x!, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]);
  const out = stockConv2d(padded as Tensor4D, filter as Tensor4D, stride, 'valid');
  return bias ? add(out, bias) : out;
}

const named = (cases: Case[]) => cases.map((c) => [`${c.name}: (${c.image}) by (${c.filter})`, c] as const);

describeOnBackends((backend) => {
  test.each(named([...SMALL_CASES, ...LARGE_CASES]))('conv2d agrees with tf.conv2d, %s', async (_, c) => {
    const inputs = inputsOf(c);
    const [actual] = await valuesOn(backend, () => [ours(c, inputs.map(toTensor))]);
    const [expected] = await valuesOn('cpu', () => [composed(c, inputs.map(toTensor))]);
    expect(actual!.shape).toEqual(expected!.shape);
    expectClose(actual!.values, expected!.values, { absolute: 0, relative: 3e-6 });
  });

  describe('gradients of conv2d', () => {
    const cases = backend === 'cpu' ? SMALL_CASES : [...SMALL_CASES, ...LARGE_CASES];
    test.each(named(cases))('%s', async (_, c) => {
      await checkGradients(backend, (...inputs) => ours(c, inputs), inputsOf(c));
    });
  });

  const linearInputs = [draw(1, [7, 5]), draw(2, [5, 6]), draw(3, [6])];
  const runLinear = ([x, weight, bias]: Tensor[]) => linear(x as Tensor2D, weight as Tensor2D, bias!);

  test('linear agrees with tf.matMul', async () => {
    const [actual] = await valuesOn(backend, () => [runLinear(linearInputs.map(toTensor))]);
    const [expected] = await valuesOn('cpu', () => {
      const [x, weight, bias] = linearInputs.map(toTensor);
      return [add(matMul(x!, weight!), bias!)];
    });
    expect(actual!.shape).toEqual([7, 6]);
    expectClose(actual!.values, expected!.values, { absolute: 0, relative: 3e-6 });
  });

  test('gradients of linear', async () => {
    await checkGradients(backend, (...inputs) => runLinear(inputs), linearInputs);
  });

  test.each([[[2, 3, 5]], [[3, 40, 30, 7]], [[2, 600, 64]]])('sum of the rows of (%s)', async (shape) => {
    const input = draw(1, shape);
    const [actual] = await valuesOn(backend, () => [engine().runKernel(SUM_ROWS, { x: toTensor(input) }) as Tensor]);
    const axes = shape.slice(0, -1).map((_, i) => i);
    const [expected] = await valuesOn('cpu', () => [sum(toTensor(input), axes)]);
    expect(actual!.shape).toEqual(shape.slice(-1));
    expectClose(actual!.values, expected!.values, { absolute: 1e-5, relative: 1e-5 });
  });
});
