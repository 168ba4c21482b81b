import { numFramesOf } from '../core/frames.ts';
import { flipHorizontal, shiftCircular } from '../dataset/augment.ts';
import { fillBatch } from '../dataset/batches.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { framesOf, singleFrames } from '../dataset/derive.ts';
import { type AutoencoderKlConfig, pixelsPerLatent } from '../networks/autoencoderKlConfig.ts';
import type { LatentStatistics } from '../networks/latentScaling.ts';
import type { LatentEncoder, PixelBatch } from './latentEncoder.ts';

/** The latent distribution of every image, encoded once before the diffusion is trained. */
export interface LatentDataset {
  /** (h, w, c) of one image; of F frames (h, w, F · c), the channels of one frame behind those of the other. */
  shape: [number, number, number];
  /** (N, h, w, c) each. */
  mean: Float32Array;
  std: Float32Array;
  /** (N). */
  classLabels: Int32Array;
  /** What is known of the images besides, (N, attributes), as `encodeColumns` gives it. */
  attributes?: Float32Array;
}

/** What latents show, and their size: enough for a training that makes its own pictures. */
export type LatentSubjects = Omit<LatentDataset, 'mean' | 'std'>;

export interface EncodeProgress {
  /** Whole images: frames of which an image is not through yet do not count. */
  numDone: number;
  numImages: number;
}

/** (h, w, c) of one image's latents; without an auto-encoder those are the pixels. */
export function latentShape(
  dataset: Pick<Dataset, 'widthPx' | 'heightPx' | 'channels' | 'frames'>,
  config: AutoencoderKlConfig | null,
): LatentDataset['shape'] {
  const { widthPx, heightPx, channels } = dataset;
  const factor = factorOf(config);
  return [heightPx / factor, widthPx / factor, numFramesOf(dataset) * (config?.latent_channels ?? channels)];
}

/** What some images show, and the size that their latents would have. */
export function latentSubjects(
  dataset: Dataset,
  indices: Int32Array,
  config: AutoencoderKlConfig | null,
): LatentSubjects {
  return { shape: latentShape(dataset, config), classLabels: indices.map((image) => dataset.classLabels[image]!) };
}

/** Pixels to a latent. */
function factorOf(config: AutoencoderKlConfig | null): number {
  return config ? pixelsPerLatent(config) : 1;
}

const ENCODE_BATCH = 32;

export interface EncodeOptions {
  /** Every image also mirrored. */
  flip: boolean;
  /** Every image at several shifts within a latent cell, wrapping at the edges: for seamless textures. */
  isShifted?: boolean;
}

/** How images are looked at before they are encoded. */
interface View {
  mirrored: boolean;
  /** Pixels to the right and down, wrapping. */
  shift: readonly [dx: number, dy: number];
}

/** Some pictures: places among all of the data set, and the place of the first among those that are encoded. */
interface Portion extends View {
  indices: Int32Array;
  at: number;
}

/**
 * Encodes images with a trained VAE, view after view: as they are first, the augmented ones behind. The batches are the
 * same whatever the number of encoders, and so are the latents. Frames are encoded one by one.
 *
 * @param config     of the auto-encoder; null for `pixelEncoder`
 * @param encoders   each takes the next batch when it is free
 * @param onProgress called, and awaited, after every batch: the place to let other work run
 */
export async function encodeDataset(
  dataset: Dataset,
  indices: Int32Array,
  config: AutoencoderKlConfig | null,
  encoders: LatentEncoder[],
  options: EncodeOptions,
  onProgress?: (progress: EncodeProgress) => void | Promise<void>,
): Promise<LatentDataset> {
  const shape = latentShape(dataset, config);
  const pictures = singleFrames(dataset);
  const numFrames = numFramesOf(dataset);
  const views = viewsOf(options, factorOf(config));
  const portions = portionsOf(framesOf(dataset, indices), views);
  const numImages = indices.length * views.length;
  const size = shape[0] * shape[1] * shape[2];
  const mean = new Float32Array(numImages * size);
  const std = new Float32Array(numImages * size);
  let [next, numPictures] = [0, 0];
  const work = async (encoder: LatentEncoder) => {
    while (next < portions.length) {
      const portion = portions[next++]!;
      const batch = await encoder.encode(pixelsOf(pictures, portion));
      stack(batch.mean, mean, portion.at, shape, numFrames);
      stack(batch.std, std, portion.at, shape, numFrames);
      numPictures += portion.indices.length;
      await onProgress?.({ numDone: Math.floor(numPictures / numFrames), numImages });
    }
  };
  await Promise.all(encoders.map(work)).catch((error) => {
    next = portions.length; // the other encoders end with what they have begun
    throw error;
  });
  const labelOf = (i: number) => dataset.classLabels[indices[i % indices.length]!]!;
  return { shape, mean, std, classLabels: Int32Array.from({ length: numImages }, (_, i) => labelOf(i)) };
}

/** Puts the latents of pictures, the first of which is number `at`, where those of their images belong. */
function stack(
  from: Float32Array,
  to: Float32Array,
  at: number,
  [height, width, channels]: LatentDataset['shape'],
  numFrames: number,
): void {
  const [numCells, length] = [height * width, channels / numFrames];
  for (let cell = 0; cell * length < from.length; cell++) {
    const picture = at + Math.floor(cell / numCells);
    const [image, frame] = [Math.floor(picture / numFrames), picture % numFrames];
    const place = (image * numCells + (cell % numCells)) * channels + frame * length;
    to.set(from.subarray(cell * length, (cell + 1) * length), place);
  }
}

/** The shifts fill a latent cell of `factor` pixels evenly, one in each row and column (Hammersley's points). */
function viewsOf({ flip, isShifted }: EncodeOptions, factor: number): View[] {
  const shifts = Array.from({ length: isShifted ? factor : 1 }, (_, i) => [i, reversedBits(i, factor)] as const);
  return shifts.flatMap((shift) => (flip ? [false, true] : [false]).map((mirrored) => ({ mirrored, shift })));
}

function reversedBits(value: number, size: number): number {
  return size === 1 ? 0 : (value % 2) * (size / 2) + reversedBits(Math.floor(value / 2), size / 2);
}

function portionsOf(indices: Int32Array, views: View[]): Portion[] {
  return views.flatMap((view, i) =>
    Array.from({ length: Math.ceil(indices.length / ENCODE_BATCH) }, (_, batch) => ({
      ...view,
      indices: indices.subarray(batch * ENCODE_BATCH, (batch + 1) * ENCODE_BATCH),
      at: i * indices.length + batch * ENCODE_BATCH,
    })),
  );
}

function pixelsOf(dataset: Dataset, { indices, mirrored, shift: [dx, dy] }: Portion): PixelBatch {
  const { widthPx, heightPx, channels } = dataset;
  const shape: PixelBatch['shape'] = [indices.length, heightPx, widthPx, channels];
  const length = widthPx * heightPx * channels;
  const values = new Float32Array(indices.length * length);
  fillBatch(dataset, indices, {}, 0, 0, values);
  const spare = new Float32Array(length);
  for (let at = 0; at < values.length; at += length) {
    const image = values.subarray(at, at + length);
    if (dx > 0 || dy > 0) {
      shiftCircular(image, spare, dataset, dx, dy);
      image.set(spare);
    }
    if (mirrored) {
      flipHorizontal(image, spare, dataset);
      image.set(spare);
    }
  }
  return { shape, data: values };
}

/**
 * Mean and standard deviation of each latent channel over data and draws: what latents are standardised by, so that the
 * diffusion starts from unit variance (the variance of z is that of the means plus the mean posterior variance).
 *
 * @param numFrames all frames together have one mean and deviation for each channel of the auto-encoder
 */
export function latentStatistics(latents: LatentDataset, numFrames = 1): LatentStatistics {
  const channels = latents.shape[2] / numFrames;
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

/**
 * Draws from the posteriors of some images, mean + std · noise, scaled for a U-Net: with `latentScaler` the same as `scaleLatents`
 * of `sampleLatents`, on the CPU.
 *
 * @param chosen places in `latents`
 * @param scaled of a value and its place, by `latentScaler` or `standardiser`
 * @param noise  standard normal, (chosen, h, w, c); null for the means
 * @returns      (chosen, h, w, c)
 */
export function drawLatents(
  latents: LatentDataset,
  chosen: Int32Array,
  scaled: (z: number, place: number) => number,
  noise: Float32Array | null,
): Float32Array {
  const size = latents.mean.length / latents.classLabels.length;
  const x0 = new Float32Array(chosen.length * size);
  chosen.forEach((image, i) => {
    for (let j = 0; j < size; j++) {
      const from = image * size + j;
      const z = latents.mean[from]! + (noise ? latents.std[from]! * noise[i * size + j]! : 0);
      x0[i * size + j] = scaled(z, j);
    }
  });
  return x0;
}
