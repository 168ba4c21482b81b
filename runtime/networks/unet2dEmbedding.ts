// What a U-Net is told besides the picture: the timestep and the condition, as one vector for each image.
import { add, reshape, Tensor, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { linear } from '../kernels/conv2d.ts';
import { activateEmbedding, dense, embeddingRows, type Weights } from './layers.ts';
import type { UNet2DConfig } from './unet2dConfig.ts';

/**
 * What pictures are to show: the class of each, int (B), 0 … num_class_embeds − 1; for `class_embed_type: "identity"` the
 * vector of each that is added to the time embedding, float32 (B, timeChannels); null for a network without either.
 */
export type UNet2DCondition = ArrayLike<number> | Tensor2D | null;

/** Width of the time embedding. */
export function timeChannels(config: UNet2DConfig): number {
  return config.time_embedding_dim ?? 4 * config.block_out_channels[0]!;
}

/**
 * Sinusoidal embedding of the timesteps, computed in float64.
 *
 * Source: Vaswani et al. 2017, section 3.5, with the order and shift of diffusers' get_timestep_embedding.
 * @param t int (B)
 * @returns float32 (B, channels): sines then cosines, or cosines then sines when flipped; a last 0 for odd widths
 */
export function timestepEmbedding(
  t: ArrayLike<number>,
  channels: number,
  flipSinToCos: boolean,
  freqShift: number,
): Tensor2D {
  return tensor2d(timestepSines(t, channels, flipSinToCos, freqShift), [t.length, channels]);
}

/** The angles of `timestepEmbedding` for each unit of t: from 1 down to about 1/10,000, one for each pair of channels. */
export function timestepFrequencies(channels: number, freqShift: number): number[] {
  const half = Math.floor(channels / 2);
  return Array.from({ length: half }, (_, j) => Math.exp((-Math.log(10000) * j) / (half - freqShift)));
}

function timestepSines(t: ArrayLike<number>, channels: number, flipSinToCos: boolean, freqShift: number): Float32Array {
  const frequencies = timestepFrequencies(channels, freqShift);
  const half = frequencies.length;
  const values = new Float32Array(t.length * channels);
  for (let i = 0; i < t.length; i++) {
    for (const [j, frequency] of frequencies.entries()) {
      // diffusers rounds the frequency and the angle to float32.
      const angle = Math.fround(t[i]! * Math.fround(frequency));
      const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
      values[i * channels + j] = flipSinToCos ? cos : sin;
      values[i * channels + half + j] = flipSinToCos ? sin : cos;
    }
  }
  return values;
}

/** The embedding of each image for `unet2dOfEmbedding`, (B, timeChannels); the caller disposes it. */
export function imageEmbeddings(
  config: UNet2DConfig,
  weights: Weights,
  t: ArrayLike<number>,
  condition: UNet2DCondition,
): Tensor2D {
  return tidy(() => activateEmbedding(embedding(config, weights, t, condition)));
}

/** Time embedding plus class embedding or given vector, (B, timeChannels). */
function embedding(config: UNet2DConfig, weights: Weights, t: ArrayLike<number>, condition: UNet2DCondition): Tensor2D {
  const time = timeEmbedding(config, weights, t);
  const told = conditionEmbedding(config, weights, condition);
  return told ? add(time, told) : time;
}

/** (B, timeChannels). */
function timeEmbedding(config: UNet2DConfig, weights: Weights, t: ArrayLike<number>): Tensor2D {
  return embeddingOfSines(weights, tensor2d(sinesOf(config, t), [t.length, config.block_out_channels[0]!]));
}

/** What the embeddings of timesteps are made of, (B, block_out_channels[0]). */
export function sinesOf(config: UNet2DConfig, t: ArrayLike<number>): Float32Array {
  return timestepSines(t, config.block_out_channels[0]!, config.flip_sin_to_cos, config.freq_shift);
}

/** Time embeddings, (B, timeChannels), of what `timestepEmbedding` gives. */
export function embeddingOfSines(weights: Weights, sines: Tensor2D): Tensor2D {
  const hidden = dense(weights, 'time_embedding.linear_1', sines);
  return dense(weights, 'time_embedding.linear_2', activateEmbedding(hidden));
}

/** (B, timeChannels); null for a network without classes. */
function conditionEmbedding(config: UNet2DConfig, weights: Weights, condition: UNet2DCondition): Tensor2D | null {
  if (condition instanceof Tensor) return condition;
  if (config.num_class_embeds === null || condition === null) return null;
  return embeddingRows(weights, 'class_embedding', condition);
}

/** A network's own embeddings of classes, (N, timeChannels); null for one without classes. */
export function classTable({ num_class_embeds }: UNet2DConfig, weights: Weights): Tensor2D | null {
  return num_class_embeds === null ? null : (weights['class_embedding.weight'] as Tensor2D);
}

/**
 * The embeddings of several steps, for `unet2dOfEmbedding`: SiLU of time plus condition.
 *
 * @param sines  float32 (S, block_out_channels[0]), `sinesOf` the steps
 * @param chosen float32 (B, N), 1 at the row of the table that an image is to show, else 0; of a network without classes (B, 1), all 0
 * @param table  float32 (N, timeChannels); null: `classTable`
 * @returns      float32 (S · B, timeChannels), the images of a step one after another; the caller disposes it
 */
export function stepEmbeddings(
  config: UNet2DConfig,
  weights: Weights,
  sines: Tensor2D,
  chosen: Tensor2D,
  table: Tensor2D | null,
): Tensor2D {
  return tidy(() => {
    const channels = timeChannels(config);
    const time = reshape(embeddingOfSines(weights, sines), [-1, 1, channels]);
    const rows = table ?? classTable(config, weights);
    const told = rows ? linear(chosen, rows, null) : chosen;
    const sum = add(time, reshape(told, [1, ...told.shape]));
    return activateEmbedding(reshape(sum, [-1, channels]) as Tensor2D);
  });
}
