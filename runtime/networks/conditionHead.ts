import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { cellMeans } from './cellMeans.ts';
import { attributeLogits } from './classifier.ts';
import type { AttributeKind } from './conditioningConfig.ts';
import { dense, linearShapes, type Shapes, type Weights } from './layers.ts';

/** Names its weights, which stand beside those of an auto-encoder in training, or are a probe. */
export const CONDITION_HEAD = 'condition_head';

/** Conditions are told from the means of so many cells a side. */
export const CONDITION_GRID = 4;

/** What pictures are asked for by, in order. A list, since an object has names that are whole numbers before all others. */
export type ConditionKinds = readonly AttributeKind[];

/** Puts the label before the attributes, as if it were one whose words are the labels. */
export const conditionKinds = (
  numLabels: number,
  attributes: Readonly<Record<string, AttributeKind>>,
): ConditionKinds => [numLabels, ...Object.values(attributes)];

/** Shapes of the head's weights by name, in PyTorch's layout. */
export function conditionHeadShapes(conditions: ConditionKinds, latentChannels: number): Shapes {
  const shapes: Shapes = new Map();
  const numLogits = attributeLogits(conditions).reduce((sum, { size }) => sum + size, 0);
  linearShapes(shapes, CONDITION_HEAD, latentChannels * CONDITION_GRID ** 2, numLogits);
  return shapes;
}

/**
 * Tells label and attributes of pictures from their latents, by nothing but a linear map: what it can tell stands in them plainly, and
 * not only where a network of many layers finds it. An encoder that is trained for this besides keeps what is small in a picture and
 * yet asked for.
 *
 * Source: an auxiliary task beside the main one, which shapes what both share: Caruana 1997, Machine Learning 28.
 * @param weights by name, in our layout
 * @param z       float32 (B, h, w, latent channels)
 * @returns       float32 (B, logits of all conditions), as `attributeLogits` lays them out; the caller disposes it
 */
export function conditionLogits(weights: Weights, z: Tensor4D): Tensor2D {
  return tidy(() => dense(weights, CONDITION_HEAD, cellMeans(z, CONDITION_GRID)));
}
