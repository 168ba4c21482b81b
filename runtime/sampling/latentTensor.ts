import { tensor4d } from '@tensorflow/tfjs-core';
import type { DiffusionModel } from './model.ts';
import type { ImageTensor } from './splitImages.ts';

/**
 * The latents of one picture as a tensor, for `decodeLatentsInSlices`.
 *
 * @param values h · w · c, channels last, scaled
 * @returns      (1, h, w, c); the caller disposes it
 * @throws       Error when the values are more or fewer
 */
export function latentTensor({ latentShape }: DiffusionModel, values: Float32Array): ImageTensor {
  return tensor4d(values, [1, ...latentShape]);
}
