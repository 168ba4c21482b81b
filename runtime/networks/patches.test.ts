import { depthToSpace, memory, type Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { fromPatches, toPatches } from './patches.ts';

/** The patches of a picture, by their definition. */
function patchesOf({ shape, values }: Values, size: number): number[] {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const expected: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let top = 0; top < height; top += size)
      for (let left = 0; left < width; left += size)
        for (let y = top; y < top + size; y++)
          for (let x = left; x < left + size; x++)
            for (let c = 0; c < channels; c++) expected.push(values[((b * height + y) * width + x) * channels + c]!);
  return expected;
}

describeOnBackends((backend) => {
  it.each([1, 2, 3])('makes patches of %i pixels a side, and pixels of patches', async (size) => {
    const x = draw(1, [2, 6, 12, 3]);
    const [patches] = await valuesOn(backend, () => [toPatches(toTensor<Tensor4D>(x), size)]);
    expect(patches!.shape).toEqual([2, 6 / size, 12 / size, 3 * size ** 2]);
    expect([...patches!.values]).toEqual(patchesOf(x, size));
    const [pixels] = await valuesOn(backend, () => [fromPatches(toTensor<Tensor4D>(patches!), size)]);
    expect(pixels).toEqual(x);
  });

  it('makes pixels as depthToSpace does', async () => {
    const x = draw(2, [2, 3, 4, 20]);
    const [own, expected] = await valuesOn(backend, () => {
      const given = toTensor<Tensor4D>(x);
      return [fromPatches(given, 2), depthToSpace(given, 2)];
    });
    expect(own).toEqual(expected);
  });

  it('leaves nothing behind', () => {
    const x = toTensor<Tensor4D>(draw(1, [1, 4, 6, 2]));
    const { numTensors } = memory();
    const patches = toPatches(x, 2);
    const pixels = fromPatches(patches, 2);
    expect(memory().numTensors).toBe(numTensors + 2);
    patches.dispose();
    pixels.dispose();
    x.dispose();
  });
});
