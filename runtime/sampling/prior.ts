// The VAE as a generator: z from the seed, one pass of the decoder.
import { type Tensor2D, type Tensor4D, tensor2d } from '@tensorflow/tfjs-core';
import { normals } from '../core/random.ts';
import { slerp } from '../diffusion/slerp.ts';
import type { Weights } from '../networks/layers.ts';
import { decodeWithLabelsInSlices } from '../networks/vaePrior.ts';
import type { VaePriorConfig } from '../networks/vaePriorConfig.ts';
import { indexOfLabel } from './labels.ts';
import { assertSeeds, type ImageRequest } from './request.ts';

/** A class-conditional VAE with one latent vector, its weights on the current backend. */
export interface VaePrior {
  config: VaePriorConfig;
  weights: Weights;
}

/** The stream of a seed that z comes from, apart from those of the diffusion. */
const Z_STREAM = 0x50000000;

/**
 * Makes pictures in one pass of the decoder, in slices of about one convolution each: p(x | z, y) with z ~ N(0, I) drawn
 * by the seed. There is no guidance and there are no steps. `return()` gives it up. Call `next()` outside of tf.tidy.
 *
 * @param labels the model's, whose order is that of the classes
 * @returns      through the generator, float32 (B, H, W, channels), about [−1, 1]; the caller disposes it
 * @throws       RangeError for an unknown label or a seed that is no uint32, at the first slice
 */
export function* priorImagesInSlices(
  { config, weights }: VaePrior,
  labels: readonly string[],
  requests: readonly ImageRequest[],
): Generator<void, Tensor4D> {
  const classLabels = requests.map(({ label }) => indexOfLabel(labels, label));
  const z = latentVectors(config.latent_size, requests);
  try {
    return yield* decodeWithLabelsInSlices(config, weights, z, classLabels);
  } finally {
    z.dispose();
  }
}

/** Standard normal vectors of the seeds, or between two of them, (B, size). */
function latentVectors(size: number, requests: readonly ImageRequest[]): Tensor2D {
  const values = new Float32Array(requests.length * size);
  for (const [i, request] of requests.entries()) {
    assertSeeds(request);
    const { seed, interpolate } = request;
    const own = normals(seed, Z_STREAM, size);
    const z = interpolate ? slerp(own, normals(interpolate.seed, Z_STREAM, size), interpolate.amount) : own;
    values.set(z, i * size);
  }
  return tensor2d(values, [requests.length, size]);
}
