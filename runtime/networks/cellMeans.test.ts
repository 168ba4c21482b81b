import '@tensorflow/tfjs';
import { grad, mul, sum, type Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { expectClose } from '../testing/matchers.ts';
import { cellMeans } from './cellMeans.ts';

// Rows 0 to 2 and 2 to 4 of five, columns 0 to 1 and 1 to 2 of three.
const ROWS = [
  [0, 1, 2],
  [2, 3, 4],
];
const COLUMNS = [
  [0, 1],
  [1, 2],
];
const X = draw(1, [2, 5, 3, 4]);
const at = (b: number, y: number, x: number, c: number) => ((b * 5 + y) * 3 + x) * 4 + c;

/** The numbers of each cell, (2, 4, 2, 2) in order, as PyTorch's AdaptiveAvgPool2d(2) takes them. */
const CELLS = [0, 1].flatMap((b) =>
  [0, 1, 2, 3].flatMap((c) =>
    ROWS.flatMap((rows) => COLUMNS.map((columns) => rows.flatMap((y) => columns.map((x) => at(b, y, x, c))))),
  ),
);

describeOnBackends((backend) => {
  it('averages cells, which overlap where the size is no multiple of the grid, with its gradient', async () => {
    const dy = draw(2, [2, 16]);
    const [means, gradient] = await valuesOn(backend, () => {
      const x = toTensor<Tensor4D>(X);
      const weighted = (input: Tensor4D) => sum(mul(cellMeans(input, 2), toTensor(dy)));
      return [cellMeans(x, 2), grad(weighted as never)(x)];
    });
    expect(means!.shape).toEqual([2, 16]);
    expectClose(
      means!.values,
      CELLS.map((cell) => cell.reduce((total, i) => total + X.values[i]! / cell.length, 0)),
      { relative: 1e-5 },
    );
    const expected = new Float32Array(X.values.length);
    for (const [place, cell] of CELLS.entries()) for (const i of cell) expected[i]! += dy.values[place]! / cell.length;
    expectClose(gradient!.values, expected, { relative: 1e-5 });
  });
});

it('gives cells of a map that is smaller than the grid their pixel', async () => {
  const [means] = await valuesOn('cpu', () => [cellMeans(toTensor<Tensor4D>(draw(3, [1, 1, 2, 1])), 4)]);
  const [left, right] = draw(3, [1, 1, 2, 1]).values;
  expectClose(
    means!.values,
    [0, 1, 2, 3].flatMap(() => [left!, left!, right!, right!]),
    { relative: 1e-6 },
  );
});
