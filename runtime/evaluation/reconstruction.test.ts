import { memory, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { decode, encode } from '../networks/autoencoderKl.ts';
import { imagesToPixels } from '../sampling/autoencoder.ts';
import { createModel } from '../sampling/model.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { imagesOfDataset } from './imageSet.ts';
import { reconstruct } from './reconstruction.ts';

const dataset = tinyDataset();
const images = imagesOfDataset(
  dataset,
  Int32Array.from({ length: 18 }, (_, i) => i),
);

/** Largest difference between the bytes of two sets of pictures. */
function farthest(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.flatMap((picture, i) => Array.from(picture, (byte, j) => Math.abs(byte - b[i]![j]!))));
}

describeOnBackends(() => {
  it('is the mean difference over all images, in batches', async () => {
    const before = memory().numTensors;
    const model = createModel(tinyModelFiles({ sizePx: 8 }));
    const progress: number[] = [];
    const { l1, pictures } = await reconstruct(model, images, (share) => progress.push(share));
    const decoded = tidy(() => {
      const x = tensor4d(images.values, [18, 8, 8, 4]);
      return decode(model.vae!.config, model.vae!.weights, encode(model.vae!.config, model.vae!.weights, x).mean);
    });
    const values = await decoded.data<'float32'>();
    const expected = values.reduce((sum, value, i) => sum + Math.abs(value - images.values[i]!), 0) / values.length;
    expect(l1).toBeCloseTo(expected, 4);
    expect(
      farthest(
        pictures.map(({ pixels }) => pixels),
        await imagesToPixels(model, decoded),
      ),
    ).toBeLessThanOrEqual(1);
    expect(progress).toEqual([16 / 18, 1]);
    decoded.dispose();
    model.dispose();
    expect(memory().numTensors).toBe(before);
  });
}, ['wasm']);
