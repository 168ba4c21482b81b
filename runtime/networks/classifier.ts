import { mean, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { cellMeans } from './cellMeans.ts';
import { ATTRIBUTE_KINDS, type AttributeKind } from './conditioningConfig.ts';
import { AboveZero, Count, checkNormGroups, parseNetworkConfig, Widths } from './config.ts';
import { halvingLevel, halvingShapes, planHalvingLevels } from './halvingLevel.ts';
import { dense, linearShapes, type Shapes, type Weights } from './layers.ts';

const schema = v.object({
  in_channels: Count,
  num_labels: Count,
  block_out_channels: Widths,
  norm_num_groups: Count,
  norm_eps: AboveZero,
  attributes: v.optional(ATTRIBUTE_KINDS, {}),
  attribute_grid: v.optional(v.pipe(Count, v.maxValue(16)), 1),
});

export interface ClassifierConfig {
  in_channels: number;
  num_labels: number;
  /** The channels of each level, which halves the image; those of the last level are the features. */
  block_out_channels: number[];
  norm_num_groups: number;
  norm_eps: number;
  /** The attributes that the classifier reads in a picture besides its label, by name. */
  attributes: Record<string, AttributeKind>;
  /**
   * The classifier reads attributes from the mean features of this many cells a side, so that it knows where in the picture
   * things are. With 1, it reads them from the mean of the whole picture.
   */
  attribute_grid: number;
}

/**
 * Reads a classifier's config.
 *
 * @throws Error naming every option that is unsupported, malformed or does not fit the others
 */
export function parseClassifierConfig(json: unknown, fileName: string): ClassifierConfig {
  const config = parseNetworkConfig(schema, [], json, fileName);
  checkNormGroups(config, fileName);
  return config;
}

const levelsOf = ({ in_channels, block_out_channels }: ClassifierConfig) =>
  planHalvingLevels('levels', in_channels, block_out_channels);

const HEAD = 'head';
const ATTRIBUTE_HEAD = 'attribute_head';

/** The kinds of attributes, by name or in a list. */
export type AttributeKinds = Readonly<Record<string, AttributeKind>> | readonly AttributeKind[];

/** Where each attribute's logits lie among all: one for each word, and one for a number, which it estimates. */
export function attributeLogits(attributes: AttributeKinds): { kind: AttributeKind; start: number; size: number }[] {
  let start = 0;
  return Object.values(attributes).map((kind) => {
    const size = kind === 'number' ? 1 : kind;
    start += size;
    return { kind, start: start - size, size };
  });
}

function numAttributeLogits({ attributes }: ClassifierConfig): number {
  return attributeLogits(attributes).reduce((sum, { size }) => sum + size, 0);
}

/** The length of the feature vector. */
export function numFeatures(config: ClassifierConfig): number {
  return config.block_out_channels.at(-1)!;
}

/** Shapes of all weights of a config by name, in PyTorch's layout. */
export function classifierShapes(config: ClassifierConfig): Shapes {
  const shapes: Shapes = new Map();
  for (const level of levelsOf(config)) halvingShapes(shapes, level);
  linearShapes(shapes, HEAD, numFeatures(config), config.num_labels);
  const numLogits = numAttributeLogits(config);
  if (numLogits > 0) linearShapes(shapes, ATTRIBUTE_HEAD, numFeatures(config) * config.attribute_grid ** 2, numLogits);
  return shapes;
}

export interface Classification {
  /** float32 (B, features): what the Fréchet distance compares. */
  features: Tensor2D;
  /** float32 (B, numLabels). */
  logits: Tensor2D;
  /** float32 (B, logits of all attributes), as `attributeLogits` lays them out; null without attributes. */
  attributes: Tensor2D | null;
}

/**
 * What the classifier sees in images at each of its levels, the finest first; to be called in a tidy.
 *
 * @param x of `classify`
 * @returns float32 (B, H/2ⁱ, W/2ⁱ, channels of the level), i from 1
 */
export function classifierLevels(config: ClassifierConfig, weights: Weights, x: Tensor4D): Tensor4D[] {
  const options = { numGroups: config.norm_num_groups, epsilon: config.norm_eps };
  const seen: Tensor4D[] = [];
  for (const level of levelsOf(config)) seen.push(halvingLevel(weights, level, seen.at(-1) ?? x, options));
  return seen;
}

/**
 * A small convolutional classifier, the judge of generated images: in each level a convolution that halves the image and
 * one that keeps its size, each with group norm and SiLU; then the mean over all pixels, and a linear head for labels; and
 * one for attributes on the means of each cell of a grid.
 *
 * @param weights by name, in our layout
 * @param x       float32 (B, H, W, in_channels), range [−1, 1], premultiplied
 * @returns       features and logits; the caller disposes both
 * @throws        RangeError when the channels differ
 */
export function classify(config: ClassifierConfig, weights: Weights, x: Tensor4D): Classification {
  const [features, logits, attributes = null] = tidy(() => {
    const h = classifierLevels(config, weights, x).at(-1)!;
    const pooled = mean(h, [1, 2]) as Tensor2D;
    const label = dense(weights, HEAD, pooled);
    if (numAttributeLogits(config) === 0) return [pooled, label];
    return [pooled, label, dense(weights, ATTRIBUTE_HEAD, cellMeans(h, config.attribute_grid))];
  });
  return { features: features!, logits: logits!, attributes };
}
