import { mean, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { AboveZero, Count, checkNormGroups, parseNetworkConfig, Widths } from './config.ts';
import {
  activateEmbedding,
  conv,
  convShapes,
  dense,
  linearShapes,
  modulationOf,
  norm,
  normShapes,
  type Shapes,
  type Weights,
} from './layers.ts';
import { embeddingOfSines, timestepEmbedding } from './unet2dEmbedding.ts';

const schema = v.object({
  in_channels: Count,
  num_labels: Count,
  block_out_channels: Widths,
  time_embedding_dim: Count,
  norm_num_groups: Count,
  norm_eps: AboveZero,
  circular_padding: v.boolean(),
});

export interface NoisyClassifierConfig {
  in_channels: number;
  num_labels: number;
  /** The channels of each level. Every level but the first halves the latents. */
  block_out_channels: number[];
  time_embedding_dim: number;
  norm_num_groups: number;
  norm_eps: number;
  /** Whether every convolution wraps around the borders of the picture, as seamless tiles need it. */
  circular_padding: boolean;
}

/**
 * Reads a noise-aware classifier's config; the labels and what else is not the network's may be listed as `ignored`.
 *
 * @throws Error naming every option that is unsupported, malformed or does not fit the others
 */
export function parseNoisyClassifierConfig(
  json: unknown,
  fileName: string,
  ignored: readonly string[] = [],
): NoisyClassifierConfig {
  const config = parseNetworkConfig(schema, ignored, json, fileName);
  checkNormGroups(config, fileName);
  return config;
}

interface Block {
  prefix: string;
  stride: 1 | 2;
  cin: number;
  cout: number;
}

/** Two convolutions a level. */
function planBlocks({ in_channels, block_out_channels }: NoisyClassifierConfig): Block[] {
  return block_out_channels.flatMap((cout, i): Block[] => [
    {
      prefix: `levels.${i}.blocks.0`,
      stride: i === 0 ? 1 : 2,
      cin: i === 0 ? in_channels : block_out_channels[i - 1]!,
      cout,
    },
    { prefix: `levels.${i}.blocks.1`, stride: 1, cin: cout, cout },
  ]);
}

/** The linear layer from the pooled features to the logits. */
export const HEAD = 'head';

/** Shapes of all weights of a config by name, in PyTorch's layout. */
export function noisyClassifierShapes(config: NoisyClassifierConfig): Shapes {
  const shapes: Shapes = new Map();
  const [first, time] = [config.block_out_channels[0]!, config.time_embedding_dim];
  linearShapes(shapes, 'time_embedding.linear_1', first, time);
  linearShapes(shapes, 'time_embedding.linear_2', time, time);
  for (const { prefix, cin, cout } of planBlocks(config)) {
    convShapes(shapes, `${prefix}.conv`, cin, cout);
    normShapes(shapes, `${prefix}.norm`, cout);
    linearShapes(shapes, `${prefix}.time_emb_proj`, time, 2 * cout);
  }
  linearShapes(shapes, HEAD, config.block_out_channels.at(-1)!, config.num_labels);
  return shapes;
}

/**
 * What a noise-aware classifier sees in noised latents: in each level a convolution that halves them (but in the first)
 * and one that keeps their size, each with group norm, scaled and shifted by the embedded timestep, and SiLU.
 *
 * Source: a classifier of xt that is also given t: Dhariwal & Nichol 2021, arXiv:2105.05233, section 4; here without residuals.
 * @param weights by name, in our layout
 * @param xt      float32 (B, h, w, in_channels)
 * @param t       (B), 0 … numTrainTimesteps − 1, whole or between
 * @returns       float32 (B, h', w', features); the caller disposes it
 * @throws        RangeError when channels or numbers differ
 */
export function noisyFeatures(
  config: NoisyClassifierConfig,
  weights: Weights,
  xt: Tensor4D,
  t: ArrayLike<number>,
): Tensor4D {
  checkInput(config, xt, t);
  const { norm_num_groups: numGroups, norm_eps: epsilon, circular_padding: circular } = config;
  return tidy(() => {
    const emb = timeEmbedding(config, weights, t);
    let h = xt;
    for (const { prefix, stride } of planBlocks(config)) {
      const modulation = modulationOf(dense(weights, `${prefix}.time_emb_proj`, emb));
      h = conv(weights, `${prefix}.conv`, h, { stride, circular });
      h = norm(weights, `${prefix}.norm`, h, { numGroups, epsilon, modulation });
    }
    return h;
  });
}

/**
 * Logits of p(label | xt, t): the mean of `noisyFeatures` over all places, and a linear head.
 *
 * @returns float32 (B, num_labels); the caller disposes it
 * @throws  as `noisyFeatures`
 */
export function classifyNoisy(
  config: NoisyClassifierConfig,
  weights: Weights,
  xt: Tensor4D,
  t: ArrayLike<number>,
): Tensor2D {
  return tidy(() => noisyLogits(weights, noisyFeatures(config, weights, xt, t)));
}

/** Logits (B, num_labels) of features (B, h', w', features). */
export function noisyLogits(weights: Weights, features: Tensor4D): Tensor2D {
  return tidy(() => dense(weights, HEAD, mean(features, [1, 2]) as Tensor2D));
}

/** (B, time_embedding_dim), SiLU applied. */
function timeEmbedding(config: NoisyClassifierConfig, weights: Weights, t: ArrayLike<number>): Tensor2D {
  const sines = timestepEmbedding(t, config.block_out_channels[0]!, true, 0);
  return activateEmbedding(embeddingOfSines(weights, sines));
}

function checkInput(config: NoisyClassifierConfig, xt: Tensor4D, t: ArrayLike<number>): void {
  const [batch, , , channels] = xt.shape;
  if (channels !== config.in_channels) {
    throw new RangeError(
      `classifyNoisy: the latents have ${channels} channels; expected ${config.in_channels}, as those of its training`,
    );
  }
  if (t.length !== batch) {
    throw new RangeError(
      `classifyNoisy: ${batch} images and ${t.length} timesteps; expected one timestep for each image`,
    );
  }
}
