import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { ANY, encodeAttributes } from '../core/attributes.ts';
import { type Conditions, conditioning, conditioningShapes } from '../networks/conditioning.ts';
import {
  type ConditioningConfig,
  conditioningConfig,
  parseConditioningConfig,
} from '../networks/conditioningConfig.ts';
import { embeddingRows } from '../networks/layers.ts';
import { timeChannels } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import { checkWeights } from '../weights/checkWeights.ts';
import type { ModelFiles } from '../weights/modelFolder.ts';
import { indexOfLabel } from './labels.ts';
import type { DiffusionModel } from './model.ts';
import type { ImageRequest } from './request.ts';

/**
 * The conditioning of a model folder; null for a U-Net that takes the label itself.
 *
 * @throws Error when it does not fit the U-Net, the labels or the attributes of the index
 */
export function checkConditioning(files: ModelFiles, unet: UNet2DConfig): ConditioningConfig | null {
  if (unet.class_embed_type !== 'identity') return null;
  const { labels, figment } = files.index;
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

/** Labels and attributes of some requests as numbers. @throws RangeError for an unknown one, naming the nearest */
export function encodeRequests({ index, conditioning }: DiffusionModel, requests: readonly ImageRequest[]): Conditions {
  const vocabulary = (conditioning && index.figment.attributes) ?? {};
  return {
    classLabels: requests.map(({ label }) => indexOfLabel(index.labels, label)),
    attributes: requests.flatMap(({ attributes = {} }) => encodeAttributes('generate', vocabulary, attributes)),
  };
}

/** The condition of a batch, and "any" for guidance. */
export function conditionOf(model: DiffusionModel, { classLabels, attributes }: Conditions): BatchCondition {
  const labels = Array.from(classLabels);
  const any = model.index.labels.length;
  if (!model.conditioning) return { classLabels: labels, nullLabel: any, vectors: null };
  const { config, weights } = model.conditioning;
  const anyAttributes = Object.keys(config.attributes).map(() => ANY);
  const vectors = conditioning(config, weights, {
    classLabels: [...labels, any],
    attributes: [...Array.from(attributes), ...anyAttributes],
  });
  return { classLabels: [...labels.keys()], nullLabel: labels.length, vectors };
}

/** What the U-Net takes for these classes; a tensor is the caller's to dispose. */
export function rowsOfCondition({ vectors }: BatchCondition, classes: ArrayLike<number>): Tensor2D | ArrayLike<number> {
  if (!vectors) return classes;
  return tidy(() => embeddingRows({ 'vectors.weight': vectors }, 'vectors', classes));
}
