import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { ANY, encodeAttributes } from '../core/attributes.ts';
import { conditioning, conditioningShapes } from '../networks/conditioning.ts';
import {
  type ConditioningConfig,
  conditioningConfig,
  parseConditioningConfig,
} from '../networks/conditioningConfig.ts';
import { embeddingRows } from '../networks/layers.ts';
import { timeChannels } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import { indexOfLabel } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { checkWeights } from '../weights/checkWeights.ts';
import type { ModelFiles } from '../weights/modelFolder.ts';
import type { DiffusionModel } from './model.ts';

/**
 * The conditioning of a model folder; null for a U-Net that takes the label itself.
 *
 * @throws Error when it does not fit the U-Net, the labels or the attributes of the index
 */
export function checkConditioning(files: ModelFiles, unet: UNet2DConfig): ConditioningConfig | null {
  const { labels, figment } = files.index;
  if (unet.class_embed_type !== 'identity') {
    if (Object.keys(figment.attributes ?? {}).length === 0) return null;
    throw new Error(
      `${figment.name}/unet/config.json: class_embed_type is ${unet.class_embed_type}; expected "identity", since model_index.json lists attributes`,
    );
  }
  const fileName = `${figment.name}/conditioning/config.json`;
  const config = parseConditioningConfig(files.conditioningConfig, fileName);
  const expected = conditioningConfig(timeChannels(unet), labels.length, figment.attributes ?? {});
  for (const key of ['embedding_dim', 'num_labels'] as const) {
    if (config[key] === expected[key]) continue;
    throw new Error(`${fileName}: ${key} is ${config[key]}; expected ${expected[key]}, as U-Net and labels have`);
  }
  const list = ({ attributes }: ConditioningConfig) => JSON.stringify(Object.entries(attributes));
  if (list(config) !== list(expected)) {
    throw new Error(
      `${fileName}: attributes are ${list(config).slice(0, 150)}; expected those of model_index.json, ${list(expected).slice(0, 150)}`,
    );
  }
  checkWeights(files.conditioning ?? new Map(), conditioningShapes(config), `${figment.name}/conditioning`);
  return config;
}

/** What a batch of pictures is to be, ready for the U-Net: it takes these classes, or for each of them a row of vectors. */
export interface BatchCondition {
  /** (B). */
  classLabels: number[];
  /** The class that means "any". */
  nullLabel: number;
  /** (nullLabel + 1, timeChannels), the last row for "any"; null for a U-Net that takes the class. The caller disposes it. */
  vectors: Tensor2D | null;
}

/**
 * The condition of a batch of recipes, and "any" for guidance.
 *
 * @throws RangeError for a label or attribute that the model lacks, which completed recipes of this model have not
 */
export function conditionOf(
  { index, conditioning: network }: DiffusionModel,
  recipes: readonly Pick<Recipe, 'label' | 'attributes'>[],
): BatchCondition {
  const any = index.labels.length;
  const classLabels = recipes.map(({ label }) => indexOfLabel(index.labels, label));
  const vocabulary = (network && index.figment.attributes) ?? {};
  const attributes = recipes.flatMap((recipe) => encodeAttributes('generate', vocabulary, recipe.attributes ?? {}));
  if (!network) return { classLabels, nullLabel: any, vectors: null };
  const anyAttributes = Object.keys(network.config.attributes).map(() => ANY);
  const vectors = conditioning(network.config, network.weights, {
    classLabels: [...classLabels, any],
    attributes: [...attributes, ...anyAttributes],
  });
  return { classLabels: [...classLabels.keys()], nullLabel: classLabels.length, vectors };
}

/** What the U-Net takes for these classes; a tensor is the caller's to dispose. */
export function rowsOfCondition({ vectors }: BatchCondition, classes: ArrayLike<number>): Tensor2D | ArrayLike<number> {
  if (!vectors) return classes;
  return tidy(() => embeddingRows({ 'vectors.weight': vectors }, 'vectors', classes));
}
