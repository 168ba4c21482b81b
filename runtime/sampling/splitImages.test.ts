import { memory, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { splitImages } from './splitImages.ts';

describeOnBackends(() => {
  it('gives each image a tensor of its own', async () => {
    const values = Float32Array.from({ length: 3 * 2 * 1 * 4 }, (_, i) => i);
    const images = tensor4d(values, [3, 2, 1, 4]);
    const before = memory().numTensors;
    const parts = splitImages(images);
    expect(memory().numTensors).toBe(before + 3);
    images.dispose();
    for (const [i, part] of parts.entries()) {
      expect(part.shape).toEqual([1, 2, 1, 4]);
      expect(await part.data()).toEqual(values.slice(8 * i, 8 * i + 8));
      part.dispose();
    }
    expect(memory().numTensors).toBe(before - 1);
  });
});
