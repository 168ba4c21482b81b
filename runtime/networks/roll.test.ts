import type { Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { rollValues } from '../testing/roll.ts';
import { roll } from './roll.ts';

const SHAPE = [2, 8, 12, 3];

describeOnBackends((backend) => {
  it.each([
    [0, 0],
    [3, 0],
    [0, -5],
    [-3, 17],
  ])('rolls by %i and %i', async (down, right) => {
    const x = draw(1, SHAPE);
    const [rolled] = await valuesOn(backend, () => [roll(toTensor<Tensor4D>(x), [down, right])]);
    expect(rolled).toEqual(rollValues(x, down, right));
  });
});
