import { dispose, exp, mul, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { flipHorizontal } from '../dataset/augment.ts';
import { fillBatch } from '../dataset/batches.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { encode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { Weights } from '../networks/layers.ts';

/** The latent distribution of every image, encoded once before the diffusion is trained. */
export interface LatentDataset {
  /** (h, w, c) of one image. */
  shape: [number, number, number];
  /** (N, h, w, c) each. */
  mean: Float32Array;
  std: Float32Array;
  /** (N). */
  classLabels: Int32Array;
}

export interface EncodeProgress {
  numDone: number;
  numImages: number;
}

const ENCODE_BATCH = 32;

/**
 * Encodes images with a trained VAE; with `flip` every image also mirrored, behind all the others.
 *
 * @param onProgress called, and awaited, after every batch: the place to let other work run
 */
export async function encodeDataset(
  dataset: Dataset,
  indices: Int32Array,
  config: AutoencoderKlConfig,
  weights: Weights,
  options: { circular: boolean; flip: boolean },
  onProgress?: (progress: EncodeProgress) => void | Promise<void>,
): Promise<LatentDataset> {
  const factor = 2 ** (config.block_out_channels.length - 1);
  const shape: [number, number, number] = [dataset.heightPx / factor, dataset.widthPx / factor, config.latent_channels];
  const size = shape[0] * shape[1] * shape[2];
  const passes = options.flip ? [false, true] : [false];
  const numImages = indices.length * passes.length;
  const result = {
    shape,
    mean: new Float32Array(numImages * size),
    std: new Float32Array(numImages * size),
    classLabels: Int32Array.from({ length: numImages }, (_, i) => dataset.classLabels[indices[i % indices.length]!]!),
  };
  let numDone = 0;
  for (const mirrored of passes) {
    for (let i = 0; i < indices.length; i += ENCODE_BATCH) {
      const some = indices.subarray(i, i + ENCODE_BATCH);
      const { mean, std } = await encodeBatch(
        imageValues(dataset, some, mirrored),
        some.length,
        dataset,
        config,
        weights,
        options.circular,
      );
      result.mean.set(mean, numDone * size);
      result.std.set(std, numDone * size);
      numDone += some.length;
      await onProgress?.({ numDone, numImages });
    }
  }
  return result;
}

function imageValues(dataset: Dataset, indices: Int32Array, mirrored: boolean): Float32Array {
  const length = dataset.widthPx * dataset.heightPx * dataset.channels;
  const values = new Float32Array(indices.length * length);
  fillBatch(dataset, indices, { flip: false, shiftPx: 0, toroidal: false, permuteChannels: 0 }, 0, 0, values);
  if (!mirrored) return values;
  const flipped = new Float32Array(values.length);
  for (let i = 0; i < indices.length; i++) {
    const at = (array: Float32Array) => array.subarray(i * length, (i + 1) * length);
    flipHorizontal(at(values), at(flipped), dataset);
  }
  return flipped;
}

async function encodeBatch(
  values: Float32Array,
  length: number,
  dataset: Dataset,
  config: AutoencoderKlConfig,
  weights: Weights,
  circular: boolean,
): Promise<{ mean: Float32Array; std: Float32Array }> {
  const [mean, std] = tidy(() => {
    const x = tensor4d(values, [length, dataset.heightPx, dataset.widthPx, dataset.channels]);
    const distribution = encode(config, weights, x, circular);
    return [distribution.mean, exp(mul(distribution.logVar, 0.5))] as const;
  });
  const result = { mean: (await mean.data()) as Float32Array, std: (await std.data()) as Float32Array };
  dispose([mean, std]);
  return result;
}

/**
 * Mean and standard deviation of each latent channel over data and draws: what latents are standardised by, so that the
 * diffusion starts from unit variance (the variance of z is that of the means plus the mean posterior variance).
 */
export function latentStatistics(latents: LatentDataset): { mean: number[]; std: number[] } {
  const channels = latents.shape[2];
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < latents.mean.length; i++) {
    sums[i % channels]! += latents.mean[i]!;
    squares[i % channels]! += latents.mean[i]! ** 2 + latents.std[i]! ** 2;
  }
  const count = latents.mean.length / channels;
  const mean = Array.from(sums, (sum) => sum / count);
  const std = Array.from(squares, (sum, c) => Math.sqrt(Math.max(1e-12, sum / count - mean[c]! ** 2)));
  return { mean, std };
}
