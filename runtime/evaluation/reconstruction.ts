import { abs, clone, dispose, mean, sub, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { decode, encode } from '../networks/autoencoderKl.ts';
import { type GeneratedPicture, imagesToPictures } from '../sampling/autoencoder.ts';
import type { DiffusionModel } from '../sampling/model.ts';
import type { ImageSet } from './imageSet.ts';

export interface Reconstructed {
  /** Mean absolute difference to the originals over all values, range −1 … 1. */
  l1: number;
  /** Each picture as it is decoded; a palette has not painted it. */
  pictures: GeneratedPicture[];
}

const BATCH = 16;

/**
 * What the auto-encoder alone makes of images: encoded to the posterior mean and decoded.
 *
 * @param onProgress called after every batch with the share done
 * @throws           RangeError when the size does not fit the auto-encoder
 */
export async function reconstruct(
  model: DiffusionModel,
  { values, classLabels, shape }: ImageSet,
  onProgress?: (share: number) => void,
): Promise<Reconstructed> {
  const length = shape[0] * shape[1] * shape[2];
  const pictures: GeneratedPicture[] = [];
  let sum = 0;
  for (let start = 0; start < classLabels.length; start += BATCH) {
    const count = Math.min(BATCH, classLabels.length - start);
    const batch = values.subarray(start * length, (start + count) * length);
    const { images, error } = reconstructBatch(model, batch, [count, ...shape]);
    try {
      sum += count * (await error.data())[0]!;
      pictures.push(...(await imagesToPictures(model, images, true)));
    } finally {
      dispose([images, error]);
    }
    onProgress?.((start + count) / classLabels.length);
  }
  return { l1: sum / classLabels.length, pictures };
}

function reconstructBatch(
  { vae, index }: DiffusionModel,
  values: Float32Array,
  shape: [number, number, number, number],
) {
  const circular = index.figment.circularPadding;
  return tidy(() => {
    const x = tensor4d(values, shape);
    const images: Tensor4D = vae
      ? decode(vae.config, vae.weights, encode(vae.config, vae.weights, x, circular).mean, circular)
      : clone(x);
    return { images, error: mean(abs(sub(images, x))) };
  });
}
