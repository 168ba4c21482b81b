// A conditional VAE with one latent vector for a whole image: p(x | z, y) with z ~ N(0, I) makes pictures in one pass; y is the
// label, and the attributes of a network that knows any.
import { concat, reshape, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { runToEnd } from '../core/slices.ts';
import { silu } from '../kernels/silu.ts';
import { checkLabels } from './checkLabels.ts';
import { type Conditions, conditioningShapes, conditioningVectors } from './conditioning.ts';
import {
  ATTRIBUTE_KINDS,
  type AttributeKind,
  type ConditioningConfig,
  MAX_EMBEDDING_DIM,
  parseConditioningConfig,
} from './conditioningConfig.ts';
import { AboveZero, Count, checkNormGroups, parseNetworkConfig, Widths } from './config.ts';
import { type HalvingLevel, halvingLevel, halvingShapes, planHalvingLevels } from './halvingLevel.ts';
import { distributionOf, type LatentDistribution } from './latentDistribution.ts';
import {
  activateEmbedding,
  type BlockOptions,
  conv,
  convShapes,
  dense,
  embeddingRows,
  linearShapes,
  norm,
  normShapes,
  type ResnetBlock,
  resnetPass,
  resnetShapes,
  type Shapes,
  upsample,
  type Weights,
  withoutPrefix,
} from './layers.ts';
import { type ForwardPass, inSlices, withLive } from './slices.ts';

const schema = v.object({
  in_channels: Count,
  num_labels: Count,
  sample_size: v.tuple([Count, Count]),
  block_out_channels: Widths,
  latent_size: Count,
  label_channels: v.pipe(Count, v.maxValue(MAX_EMBEDDING_DIM)),
  hidden_channels: Count,
  norm_num_groups: Count,
  norm_eps: AboveZero,
  attributes: v.optional(ATTRIBUTE_KINDS, {}),
});

export interface ConditionalVaeConfig {
  /** The channels of the image, which goes in and comes out with as many. */
  in_channels: number;
  num_labels: number;
  sample_size: [height: number, width: number];
  /** The channels of each level, which halves the image. */
  block_out_channels: number[];
  /** How many values the one latent vector of an image has. */
  latent_size: number;
  /** The width of the vector that stands for the label and the attributes. */
  label_channels: number;
  /** The width of the vector by which every block of the decoder is modulated. */
  hidden_channels: number;
  norm_num_groups: number;
  norm_eps: number;
  /** The attributes that the network knows, by name, in the order in which a picture's values are given. */
  attributes: Record<string, AttributeKind>;
}

/** What pictures are of: the class of each, (B), or classes and attributes for a network that knows attributes. */
export type VaeCondition = ArrayLike<number> | Conditions;

/**
 * Reads the config of a class-conditional VAE with one latent vector.
 *
 * @throws Error naming every option that is unsupported, malformed or does not fit the others
 */
export function parseConditionalVaeConfig(json: unknown, fileName = 'cvae/config.json'): ConditionalVaeConfig {
  const config = parseNetworkConfig(schema, [], json, fileName);
  checkNormGroups(config, fileName);
  const factor = 2 ** config.block_out_channels.length;
  const [height, width] = config.sample_size;
  if (height % factor !== 0 || width % factor !== 0) {
    throw new Error(`${fileName}: sample_size ${height}, ${width} cannot be halved by each of the levels`);
  }
  return config;
}

interface DecoderLevel {
  resnet: ResnetBlock;
  /** The convolution after doubling the size; null at the full size. */
  upsampler: string | null;
}

interface CvaePlan {
  options: BlockOptions;
  down: HalvingLevel[];
  up: DecoderLevel[];
  /** (height, width, channels) of the lowest level. */
  bottom: readonly [number, number, number];
}

function planCvae(config: ConditionalVaeConfig): CvaePlan {
  const { block_out_channels: widths, sample_size, in_channels } = config;
  const factor = 2 ** widths.length;
  const reversed = [...widths].reverse();
  const ends = [...reversed, widths[0]!]; // channels after each of the decoder's levels: the last is the full size
  return {
    options: {
      numGroups: config.norm_num_groups,
      epsilon: config.norm_eps,
      circular: false,
      timeChannels: config.hidden_channels,
      scaleShift: true,
      outputScale: 1,
    },
    down: planHalvingLevels('encoder.down_blocks', in_channels, widths),
    up: ends.map((cout, i) => ({
      resnet: { prefix: `decoder.up_blocks.${i}.resnets.0`, cin: ends[Math.max(i - 1, 0)]!, cout },
      upsampler: i < widths.length ? `decoder.up_blocks.${i}.upsamplers.0.conv` : null,
    })),
    bottom: [sample_size[0] / factor, sample_size[1] / factor, reversed[0]!],
  };
}

/** Shapes of all weights of a config by name, in PyTorch's layout. */
export function conditionalVaeShapes(config: ConditionalVaeConfig): Shapes {
  const { in_channels, block_out_channels, latent_size, label_channels, hidden_channels } = config;
  const { options, down, up, bottom } = planCvae(config);
  const bottomSize = bottom[0] * bottom[1] * bottom[2];
  const shapes: Shapes = new Map();
  for (const level of down) halvingShapes(shapes, level);
  conditionShapes(shapes, config, 'encoder');
  linearShapes(shapes, 'encoder.linear_1', bottomSize + label_channels, hidden_channels);
  linearShapes(shapes, 'encoder.linear_2', hidden_channels, 2 * latent_size);
  conditionShapes(shapes, config, 'decoder');
  linearShapes(shapes, 'decoder.linear_1', latent_size + label_channels, hidden_channels);
  linearShapes(shapes, 'decoder.linear_2', hidden_channels, bottomSize);
  for (const { resnet, upsampler } of up) {
    resnetShapes(shapes, resnet, options);
    if (upsampler) convShapes(shapes, upsampler, resnet.cout, resnet.cout);
  }
  normShapes(shapes, 'decoder.conv_norm_out', block_out_channels[0]!);
  convShapes(shapes, 'decoder.conv_out', block_out_channels[0]!, in_channels);
  return shapes;
}

/** The sides that each have what knows label and attributes; the names of its weights begin with `conditioningOf`. */
export const SIDES = ['encoder', 'decoder'] as const;
export const conditioningOf = (side: Side) => `${side}.conditioning.`;

type Side = (typeof SIDES)[number];

function conditionShapes(shapes: Shapes, config: ConditionalVaeConfig, side: Side): void {
  const own = ownConditioning(config);
  if (!own) return void shapes.set(`${side}.class_embedding.weight`, [config.num_labels, config.label_channels]);
  for (const [name, shape] of conditioningShapes(own)) shapes.set(conditioningOf(side) + name, shape);
}

/** The network for label and attributes that each side has of its own; null for one that knows the label alone. */
export function ownConditioning({
  attributes,
  label_channels,
  num_labels,
}: ConditionalVaeConfig): ConditioningConfig | null {
  if (Object.keys(attributes).length === 0) return null;
  return parseConditioningConfig({ embedding_dim: label_channels, num_labels, attributes });
}

/** What label and attributes become on a side, (B, label_channels). */
function conditionRows(config: ConditionalVaeConfig, weights: Weights, side: Side, condition: VaeCondition): Tensor2D {
  const own = ownConditioning(config);
  if (!own) return embeddingRows(weights, `${side}.class_embedding`, classesOf(condition));
  const ofSide = withoutPrefix(weights, conditioningOf(side));
  return conditioningVectors(
    own,
    ofSide,
    'classLabels' in condition ? condition : { classLabels: condition, attributes: [] },
  );
}

function classesOf(condition: VaeCondition): ArrayLike<number> {
  return 'classLabels' in condition ? condition.classLabels : condition;
}

/**
 * Encodes images with their labels into the distribution q(z | x, y) of their one latent vector: in each level a
 * convolution that halves the image and one that keeps its size; then, with what label and attributes become, two linear
 * layers.
 *
 * Source: Kingma & Welling 2014, arXiv:1312.6114; with labels: Sohn et al. 2015, "Learning structured output
 * representation using deep conditional generative models", NIPS 28.
 * @param x           float32 (B, height, width, in_channels) of sample_size, range [−1, 1]
 * @param condition   classes 0 … num_labels − 1; with attributes also num_labels, which means "any"
 * @returns           mean and logVar (clamped to −30 … 20), (B, latent_size); the caller disposes both
 * @throws            RangeError for images of another size, labels missing or out of range
 */
export function encodeWithLabels(
  config: ConditionalVaeConfig,
  weights: Weights,
  x: Tensor4D,
  condition: VaeCondition,
): LatentDistribution<Tensor2D> {
  checkImages(config, x);
  checkLabels('encodeWithLabels', classesOf(condition), numOwnLabels(config), x.shape[0]);
  return tidy(() => {
    const { options, down } = planCvae(config);
    let h = x;
    for (const level of down) h = halvingLevel(weights, level, h, options);
    const label = conditionRows(config, weights, 'encoder', condition);
    const joined = concat([reshape(h, [x.shape[0], -1]) as Tensor2D, label], 1);
    return distributionOf(dense(weights, 'encoder.linear_2', silu(dense(weights, 'encoder.linear_1', joined))));
  });
}

/**
 * Decodes latent vectors into images of their labels, the mean of p(x | z, y). Vector and label modulate the norms of
 * every level, so that each size has all of z at hand.
 *
 * Source: Sohn et al. 2015; modulation: Dhariwal & Nichol 2021, arXiv:2105.05233, section 3.2, with z in place of time.
 * @param z           float32 (B, latent_size)
 * @param condition   classes 0 … num_labels − 1; with attributes also num_labels, which means "any"
 * @returns           float32 (B, height, width, in_channels), about [−1, 1]; the caller disposes it
 * @throws            RangeError for vectors of another length, labels missing or out of range
 */
export function decodeWithLabels(
  config: ConditionalVaeConfig,
  weights: Weights,
  z: Tensor2D,
  condition: VaeCondition,
): Tensor4D {
  checkLatents(config, z, condition);
  return tidy(() => runToEnd(decoderPass(config, weights, z, conditionRows(config, weights, 'decoder', condition))));
}

/** What the decoder is told of each picture, for `decodeWithRows`: float32 (B, label_channels); the caller disposes it. */
export function decoderRows(config: ConditionalVaeConfig, weights: Weights, condition: VaeCondition): Tensor2D {
  return tidy(() => conditionRows(config, weights, 'decoder', condition));
}

/**
 * `decodeWithLabels` for `decoderRows` that are computed already, in slices of about one convolution each; `return()` gives it up.
 *
 * @returns through the generator, what `decodeWithLabels` returns; the caller disposes it, and keeps z and rows until then
 */
export function decodeWithRows(
  config: ConditionalVaeConfig,
  weights: Weights,
  z: Tensor2D,
  rows: Tensor2D,
): Generator<void, Tensor4D> {
  return inSlices(decoderPass(config, weights, z, rows), [z, rows]);
}

function* decoderPass(config: ConditionalVaeConfig, weights: Weights, z: Tensor2D, rows: Tensor2D): ForwardPass {
  const { options, up, bottom } = planCvae(config);
  const emb = activateEmbedding(dense(weights, 'decoder.linear_1', concat([z, rows], 1)));
  let h = reshape(dense(weights, 'decoder.linear_2', emb), [-1, ...bottom]) as Tensor4D;
  for (const { resnet, upsampler } of up) {
    yield [emb, h];
    h = yield* withLive(resnetPass(weights, resnet, h, emb, options), [emb]);
    yield [emb, h];
    if (upsampler) h = upsample(weights, upsampler, h, options.circular); // (B, 2H, 2W, cout)
  }
  return conv(weights, 'decoder.conv_out', norm(weights, 'decoder.conv_norm_out', h, options), {});
}

function checkImages({ sample_size: [height, width], in_channels }: ConditionalVaeConfig, x: Tensor4D): void {
  const [, rows, columns, channels] = x.shape;
  if (rows === height && columns === width && channels === in_channels) return;
  throw new RangeError(
    `encodeWithLabels: images are ${columns}×${rows} of ${channels} channels; expected ${width}×${height} of ${in_channels}, as the config says`,
  );
}

function checkLatents(config: ConditionalVaeConfig, z: Tensor2D, condition: VaeCondition): void {
  if (z.shape[1] !== config.latent_size) {
    throw new RangeError(
      `decodeWithLabels: z has ${z.shape[1]} values; expected ${config.latent_size}, as the config says`,
    );
  }
  checkLabels('decodeWithLabels', classesOf(condition), numOwnLabels(config), z.shape[0]);
}

/** How many labels it looks up by itself; null with attributes, whose network checks the labels, too. */
function numOwnLabels(config: ConditionalVaeConfig): number | null {
  return ownConditioning(config) ? null : config.num_labels;
}
