import { expect, it, vi } from 'vitest';
import { PictureSource } from '../pictureSource.ts';
import { scene, tiny, useTiny } from '../testing/tinySuite.ts';

useTiny();

it('a sheet is given up as a whole when one of its cells fails', async () => {
  const paint = PictureSource.prototype.pictureAsync;
  const painting = vi.spyOn(PictureSource.prototype, 'pictureAsync');
  painting.mockImplementation(function (this: PictureSource, recipe, request) {
    return recipe.seed === 11 ? Promise.reject(new Error('no such part')) : paint.call(this, recipe, request);
  });
  const textures = scene.textures.length;
  try {
    const crowd = tiny.generateSpritesAsync({ labels: ['elf'], count: 12, seed: 0, numInferenceSteps: 500 });
    await expect(crowd).rejects.toThrow('no such part');
    expect([tiny.queueLength, scene.textures.length]).toEqual([0, textures]);
  } finally {
    painting.mockRestore();
  }
});
