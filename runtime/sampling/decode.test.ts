import { dispose, memory, tensor4d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { withModel } from '../testing/tinyModel.ts';
import { decodeLatents, decodeLatentsInSlices } from './decode.ts';

describe('decodeLatentsInSlices', () => {
  describeOnBackends(() => {
    it('decodes the same, exactly', async () => {
      await withModel(async (model) => {
        const latents = tensor4d(normals(1, 0, 2 * 8 * 8 * 4), [2, 8, 8, 4]);
        const { numTensors } = memory();
        const slices = decodeLatentsInSlices(model, latents);
        let slice = slices.next();
        while (!slice.done) slice = slices.next();
        const whole = decodeLatents(model, latents);
        expect(await slice.value.data()).toEqual(await whole.data());
        dispose([slice.value, whole]);
        expect(memory().numTensors).toBe(numTensors);
        latents.dispose();
      });
    });
  });

  it('leaves nothing behind of a picture half decoded', async () => {
    await selectBackend({ backend: 'wasm' });
    await withModel(async (model) => {
      const latents = tensor4d(normals(1, 0, 8 * 8 * 4), [1, 8, 8, 4]);
      const { numTensors } = memory();
      const slices = decodeLatentsInSlices(model, latents);
      for (let i = 0; i < 5; i++) expect(slices.next().done).toBe(false);
      slices.return(latents);
      expect(memory().numTensors).toBe(numTensors);
      expect(latents.isDisposed).toBe(false);
      latents.dispose();
    });
  });
});
