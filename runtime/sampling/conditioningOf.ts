import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { ANY, ANY_WORD, type Attributes, encodeAttributes } from '../core/attributes.ts';
import { conditioning, type SamplingConditions } from '../networks/conditioning.ts';
import { embeddingRows } from '../networks/layers.ts';
import { indexOfLabel } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { DiffusionModel } from './model.ts';

/** What a batch of pictures is to be, ready for the U-Net: it takes these classes, or for each of them a row of vectors. */
export interface BatchCondition {
  /** The class of each picture, (B), at a step of the sampler, from 0. */
  classesAt(step: number): number[];
  /** The class that stands for "any", as guidance needs it; −1 where there is none, and recipes ask for no guidance. */
  nullLabel: number;
  /** (nullLabel + 1, timeChannels), the last row for "any"; null for a U-Net that takes the class. The caller disposes it. */
  vectors: Tensor2D | null;
}

/** What a condition is made from. */
type Told = Pick<Recipe, 'label' | 'attributes' | 'sameAs' | 'sameFor' | 'numInferenceSteps' | 'guidanceScale'>;

/**
 * The condition of a batch of recipes, and "any" for guidance.
 *
 * @throws RangeError for a label or attribute that the model lacks, which completed recipes of this model have not
 */
export function conditionOf(
  { index, conditioning: network }: DiffusionModel,
  recipes: readonly Told[],
): BatchCondition {
  const { labels, figment } = index;
  const any = labels.length;
  const classLabels = recipes.map(({ label }) => indexOfLabel(labels, label));
  const vocabulary = (network && figment.attributes) ?? {};
  const encoded = (attributes: Attributes) => encodeAttributes('generate', vocabulary, attributes);
  const attributes = recipes.flatMap((recipe) => encoded(recipe.attributes ?? {}));
  if (!network) {
    const nullLabel = figment.nullLabel === undefined ? any : (figment.nullLabel ?? -1);
    const rows = classLabels.map((label) => rowOfLabel(label, nullLabel));
    return { classesAt: () => rows, nullLabel, vectors: null };
  }
  // Rows of the table: the pictures themselves, those that they are to be the same as at first, and "any".
  const origins = [...recipes.keys()].filter((picture) => recipes[picture]!.sameAs);
  const ofOrigins = origins.flatMap((picture) => {
    const { attributes, sameAs } = recipes[picture]!;
    const all = Object.entries({ ...attributes, ...sameAs }).filter(([, value]) => value !== ANY_WORD);
    return encoded(Object.fromEntries(all));
  });
  const anyAttributes = Object.keys(network.config.attributes).map(() => ANY);
  const rowLabels = [...classLabels, ...origins.map((picture) => classLabels[picture]!), any];
  const vectors = conditioning(network.config, network.weights, {
    classLabels: rowLabels,
    attributes: [...attributes, ...ofOrigins, ...anyAttributes],
    ...(network.config.student && { sampling: samplingOf(recipes[0]!, rowLabels.length) }),
  });
  const classesAt = (step: number) =>
    recipes.map(({ sameFor = 0, numInferenceSteps = 0 }, picture) =>
      step < Math.round(sameFor * numInferenceSteps) ? recipes.length + origins.indexOf(picture) : picture,
    );
  return { classesAt, nullLabel: recipes.length + origins.length, vectors };
}

/** What a student is told of how a batch is sampled, for so many rows. */
function samplingOf({ guidanceScale, numInferenceSteps }: Told, numRows: number): SamplingConditions {
  const rows = <Value>(value: Value) => new Array<Value>(numRows).fill(value);
  return { guidanceScales: rows(guidanceScale ?? 1), stepCounts: rows(numInferenceSteps!) };
}

/** The row of the embedding table for a label: they are in order, and none is the null label's. */
function rowOfLabel(label: number, nullLabel: number): number {
  return nullLabel >= 0 && label >= nullLabel ? label + 1 : label;
}

/** What the U-Net takes for these classes; a tensor is the caller's to dispose. */
export function rowsOfCondition({ vectors }: BatchCondition, classes: ArrayLike<number>): Tensor2D | ArrayLike<number> {
  if (!vectors) return classes;
  return tidy(() => embeddingRows({ 'vectors.weight': vectors }, 'vectors', classes));
}
