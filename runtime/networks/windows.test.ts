import { memory, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { joinWindows, splitWindows, type Tiles } from './windows.ts';

/** The windows of a picture, by its definition. */
function windowsOf({ shape, values }: Values, [down, across]: Tiles): number[] {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [rows, columns] = [height / down, width / across];
  const expected: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let tileY = 0; tileY < down; tileY++)
      for (let tileX = 0; tileX < across; tileX++)
        for (let y = tileY * rows; y < (tileY + 1) * rows; y++)
          for (let x = tileX * columns; x < (tileX + 1) * columns; x++)
            for (let c = 0; c < channels; c++) expected.push(values[((b * height + y) * width + x) * channels + c]!);
  return expected;
}

describeOnBackends((backend) => {
  it.each([
    [1, 1],
    [2, 3],
    [4, 1],
    [1, 3],
  ] as const)('cuts %i × %i tiles and joins them again', async (...tiles) => {
    const x = draw(1, [2, 4, 6, 5]);
    const [cut] = await valuesOn(backend, () => [splitWindows(toTensor<Tensor4D>(x), tiles)]);
    const numTiles = tiles[0] * tiles[1];
    expect(cut!.shape).toEqual([2 * numTiles, 24 / numTiles, 5]);
    expect([...cut!.values]).toEqual(windowsOf(x, tiles));
    const [joined] = await valuesOn(backend, () => [joinWindows(toTensor<Tensor3D>(cut!), [2, 4, 6, 5], tiles)]);
    expect(joined).toEqual(x);
  });

  it('leaves nothing behind', () => {
    const x = toTensor<Tensor4D>(draw(1, [1, 4, 6, 2]));
    const { numTensors } = memory();
    const cut = splitWindows(x, [2, 3]);
    const joined = joinWindows(cut, x.shape, [2, 3]);
    expect(memory().numTensors).toBe(numTensors + 2);
    cut.dispose();
    joined.dispose();
    x.dispose();
  });
});
