import { abs, mean, sub, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { decode, encode } from '../networks/autoencoderKl.ts';
import type { DiffusionModel } from '../sampling/model.ts';
import type { ImageSet } from './imageSet.ts';

const BATCH = 16;

/**
 * How much the auto-encoder alone loses: the mean absolute difference between images and their reconstruction from the
 * posterior mean, over all values (range −1 … 1).
 *
 * @param model      its vae and index.figment.circularPadding are used
 * @param onProgress called after every batch with the share done
 * @throws           RangeError when the size does not fit the auto-encoder
 */
export async function reconstructionL1(
  { vae, index }: Pick<DiffusionModel, 'vae' | 'index'>,
  { values, classLabels, shape }: ImageSet,
  onProgress?: (share: number) => void,
): Promise<number> {
  const circular = index.figment.circularPadding;
  const length = shape[0] * shape[1] * shape[2];
  let sum = 0;
  for (let start = 0; start < classLabels.length; start += BATCH) {
    const count = Math.min(BATCH, classLabels.length - start);
    const error = tidy(() => {
      const x = tensor4d(values.subarray(start * length, (start + count) * length), [count, ...shape]);
      const latents = encode(vae.config, vae.weights, x, circular);
      return mean(abs(sub(decode(vae.config, vae.weights, latents.mean, circular), x)));
    });
    sum += count * (await error.data())[0]!;
    error.dispose();
    onProgress?.((start + count) / classLabels.length);
  }
  return sum / classLabels.length;
}
