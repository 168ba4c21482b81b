import { reshape, type Tensor4D, tile } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { upsample2x } from './upsample.ts';

const SHAPES: [number, number, number, number][] = [
  [2, 3, 5, 3],
  [2, 4, 2, 8],
  [1, 1, 1, 1],
];

describeOnBackends((backend) => {
  test.each(SHAPES)('upsample2x repeats every pixel of (%i, %i, %i, %i)', async (n, h, w, c) => {
    const input = draw(1, [n, h, w, c]);
    const [actual] = await valuesOn(backend, () => [upsample2x(toTensor(input))]);
    const [expected] = await valuesOn('cpu', () => {
      const pixels = reshape(toTensor(input), [n, h, 1, w, 1, c]);
      return [reshape(tile(pixels, [1, 1, 2, 1, 2, 1]), [n, 2 * h, 2 * w, c])];
    });
    expect(actual!.shape).toEqual([n, 2 * h, 2 * w, c]);
    expectClose(actual!.values, expected!.values, { absolute: 0, relative: 0 });
  });

  test.each(SHAPES)('gradient of upsample2x at (%i, %i, %i, %i)', async (...shape) => {
    await checkGradients(backend, (x) => upsample2x(x as Tensor4D), [draw(2, shape)]);
  });
});
