import '#stock-gradients';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { expectClose } from '../testing/matchers.ts';
import { conditionHeadShapes, conditionKinds, conditionLogits } from './conditionHead.ts';

const Z = draw(1, [2, 8, 4, 3]);
const SHAPES = conditionHeadShapes([3, 'number'], 3);

/** The mean of channel c in a cell of 2×1 places. */
const cellOf = (image: number, c: number, row: number, column: number) => {
  const at = (y: number) => Z.values[((image * 8 + y) * 4 + column) * 3 + c]!;
  return (at(2 * row) + at(2 * row + 1)) / 2;
};

it('has the label first, whatever names the attributes have', () => {
  expect(conditionKinds(2, { hair: 3, 1: 4, label: 'number' })).toEqual([2, 4, 3, 'number']);
});

describeOnBackends((backend) => {
  it('is a linear map of the means of 4×4 cells', async () => {
    expect([...SHAPES.values()]).toEqual([[4, 48], [4]]);
    const [weight, bias] = [draw(2, [48, 4]), draw(3, [4])]; // as our layers hold them: inputs first
    const [logits] = await valuesOn(backend, () => {
      const weights = { 'condition_head.weight': toTensor(weight), 'condition_head.bias': toTensor(bias) };
      return [conditionLogits(weights, toTensor<Tensor4D>(Z))];
    });
    const expected = [0, 1].flatMap((image) =>
      [0, 1, 2, 3].map((logit) => {
        let sum = bias.values[logit]!;
        for (let c = 0; c < 3; c++) {
          for (let cell = 0; cell < 16; cell++) {
            sum += weight.values[(c * 16 + cell) * 4 + logit]! * cellOf(image, c, cell >> 2, cell % 4);
          }
        }
        return sum;
      }),
    );
    expectClose(logits!.values, expected, { absolute: 1e-5, relative: 1e-4 });
  });
});
