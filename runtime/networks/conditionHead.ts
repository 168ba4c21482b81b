import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { cellMeans } from './cellMeans.ts';
import { attributeLogits } from './classifier.ts';
import type { AttributeKind } from './conditioningConfig.ts';
import { dense, linearShapes, type Shapes, type Weights } from './layers.ts';

/** The linear map's name among the weights: those of an auto-encoder that is trained together with it, or those of a probe alone. */
export const CONDITION_HEAD = 'condition_head';

/** Beside an auto-encoder latents are averaged over the cells of a grid of so many rows and columns; the map sees these means. */
const CONDITION_GRID = 4;

/**
 * The kinds of what pictures are asked for by: of the label, and of each attribute. They are a list because their order counts, and
 * an object would put names that are whole numbers before all others.
 */
export type ConditionKinds = readonly AttributeKind[];

/** The label comes before the attributes, as if it were an attribute whose words are the labels. */
export const conditionKinds = (
  numLabels: number,
  attributes: Readonly<Record<string, AttributeKind>>,
): ConditionKinds => [numLabels, ...Object.values(attributes)];

/** Shapes of the head's weights by name, in PyTorch's layout. */
export function conditionHeadShapes(conditions: ConditionKinds, latentChannels: number, grid = CONDITION_GRID): Shapes {
  const shapes: Shapes = new Map();
  const numLogits = attributeLogits(conditions).reduce((sum, { size }) => sum + size, 0);
  linearShapes(shapes, CONDITION_HEAD, latentChannels * grid ** 2, numLogits);
  return shapes;
}

/**
 * Tells label and attributes of pictures from their latents by a linear map. It can tell only what stands in the latents plainly, not
 * what a network of many layers would find there. So an encoder that is trained to make it right keeps what is small in a picture
 * and yet asked for.
 *
 * Source: an auxiliary task beside the main one, which shapes what both share: Caruana 1997, Machine Learning 28.
 * @param weights by name, in our layout
 * @param z       float32 (B, h, w, latent channels)
 * @param grid    rows and columns of cells
 * @returns       float32 (B, logits of all conditions), as `attributeLogits` lays them out; the caller disposes it
 */
export function conditionLogits(weights: Weights, z: Tensor4D, grid = CONDITION_GRID): Tensor2D {
  return tidy(() => dense(weights, CONDITION_HEAD, cellMeans(z, grid)));
}
