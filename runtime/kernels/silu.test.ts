import { mul, sigmoid, type Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { silu } from './silu.ts';

const SHAPES = [[2, 3, 5, 7], [2, 4, 4, 8], [13], [2, 0.5 * 130, 64]];

describeOnBackends((backend) => {
  test.each(SHAPES)('silu of (%s, …) equals x · sigmoid(x)', async (...shape) => {
    const input = draw(1, shape, { std: 3 });
    const [actual] = await valuesOn(backend, () => [silu(toTensor(input))]);
    const [expected] = await valuesOn('cpu', () => [mul(toTensor(input), sigmoid(toTensor(input)))]);
    expect(actual!.shape).toEqual(shape);
    expectClose(actual!.values, expected!.values, { relative: 2e-6 });
  });

  test('silu is 0 far below zero and x far above it', async () => {
    const input = { shape: [4], values: Float32Array.of(-1e4, -200, 200, 1e4) };
    const [actual] = await valuesOn(backend, () => [silu(toTensor(input))]);
    expectClose(actual!.values, [0, 0, 200, 1e4], { absolute: 1e-6, relative: 0 });
  });

  test.each([
    [2, 3, 5, 7],
    [2, 4, 8],
  ])('gradient of silu at (%s, …)', async (...shape) => {
    await checkGradients(backend, (x) => silu(x as Tensor), [draw(2, shape, { std: 2 })]);
  });
});
