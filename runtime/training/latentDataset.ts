import { flipHorizontal } from '../dataset/augment.ts';
import { fillBatch } from '../dataset/batches.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { LatentEncoder, PixelBatch } from './latentEncoder.ts';

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

/** (h, w, c) of one image's latents. */
export function latentShape(
  { widthPx, heightPx }: Pick<Dataset, 'widthPx' | 'heightPx'>,
  config: AutoencoderKlConfig,
): LatentDataset['shape'] {
  const factor = 2 ** (config.block_out_channels.length - 1);
  return [heightPx / factor, widthPx / factor, config.latent_channels];
}

const ENCODE_BATCH = 32;

/** Some images: places in the data set, and the place of the first among the latents. */
interface Portion {
  indices: Int32Array;
  mirrored: boolean;
  at: number;
}

/**
 * Encodes images with a trained VAE; with `flip` every image also mirrored, behind all the others. The batches are the
 * same whatever the number of encoders, and so are the latents.
 *
 * @param encoders   each takes the next batch when it is free
 * @param onProgress called, and awaited, after every batch: the place to let other work run
 */
export async function encodeDataset(
  dataset: Dataset,
  indices: Int32Array,
  config: AutoencoderKlConfig,
  encoders: LatentEncoder[],
  options: { flip: boolean },
  onProgress?: (progress: EncodeProgress) => void | Promise<void>,
): Promise<LatentDataset> {
  const shape = latentShape(dataset, config);
  const size = shape[0] * shape[1] * shape[2];
  const portions = portionsOf(indices, options.flip ? [false, true] : [false]);
  const numImages = portions.reduce((sum, portion) => sum + portion.indices.length, 0);
  const mean = new Float32Array(numImages * size);
  const std = new Float32Array(numImages * size);
  let [next, numDone] = [0, 0];
  const work = async (encoder: LatentEncoder) => {
    while (next < portions.length) {
      const portion = portions[next++]!;
      const batch = await encoder.encode(pixelsOf(dataset, portion));
      mean.set(batch.mean, portion.at * size);
      std.set(batch.std, portion.at * size);
      numDone += portion.indices.length;
      await onProgress?.({ numDone, numImages });
    }
  };
  await Promise.all(encoders.map(work)).catch((error) => {
    next = portions.length; // the other encoders end with what they have begun
    throw error;
  });
  const labelOf = (i: number) => dataset.classLabels[indices[i % indices.length]!]!;
  return { shape, mean, std, classLabels: Int32Array.from({ length: numImages }, (_, i) => labelOf(i)) };
}

function portionsOf(indices: Int32Array, passes: boolean[]): Portion[] {
  return passes.flatMap((mirrored, pass) =>
    Array.from({ length: Math.ceil(indices.length / ENCODE_BATCH) }, (_, i) => ({
      indices: indices.subarray(i * ENCODE_BATCH, (i + 1) * ENCODE_BATCH),
      mirrored,
      at: pass * indices.length + i * ENCODE_BATCH,
    })),
  );
}

function pixelsOf(dataset: Dataset, { indices, mirrored }: Portion): PixelBatch {
  const { widthPx, heightPx, channels } = dataset;
  const shape: PixelBatch['shape'] = [indices.length, heightPx, widthPx, channels];
  const length = widthPx * heightPx * channels;
  const values = new Float32Array(indices.length * length);
  fillBatch(dataset, indices, { flip: false, shiftPx: 0, toroidal: false, permuteChannels: 0 }, 0, 0, values);
  if (!mirrored) return { shape, data: values };
  const flipped = new Float32Array(values.length);
  for (let i = 0; i < indices.length; i++) {
    const at = (array: Float32Array) => array.subarray(i * length, (i + 1) * length);
    flipHorizontal(at(values), at(flipped), dataset);
  }
  return { shape, data: flipped };
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
