import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { ANY } from '../core/attributes.ts';
import {
  type ClassBlend,
  type Conditions,
  conditioningInputs,
  conditioningOfInputs,
  conditioningVectors,
  type SamplingConditions,
} from '../networks/conditioning.ts';
import { embeddingRows } from '../networks/layers.ts';
import { indexOfLabel } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { numStepsAlike } from '../recipe/sameness.ts';
import { type Asked, decidedAttributes } from './decidedAttributes.ts';
import type { DiffusionModel } from './model.ts';
import { recordedInSlices } from './recordedPass.ts';

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
type Told = Asked & Pick<Recipe, 'blend' | 'sameFor' | 'numInferenceSteps' | 'guidanceScale'>;

/**
 * The condition of a batch of recipes, and "any" for guidance.
 *
 * @returns through the generator
 * @throws  RangeError for a label or attribute that the model lacks; a recipe that was completed for this model has none
 */
export function* conditionInSlices(
  { index, conditioning: network }: DiffusionModel,
  recipes: readonly Told[],
): Generator<void, BatchCondition> {
  const { labels, figment } = index;
  const any = labels.length;
  const classLabels = recipes.map(({ label }) => indexOfLabel(labels, label));
  const decided = recipes.map((recipe) => decidedAttributes(labels, network ? figment : {}, recipe));
  if (!network) {
    const nullLabel = figment.nullLabel === undefined ? any : (figment.nullLabel ?? -1);
    const rows = classLabels.map((label) => rowOfLabel(label, nullLabel));
    return { classesAt: () => rows, nullLabel, vectors: null };
  }
  // Rows of the table: the pictures themselves, those that they are to be the same as at first, and "any".
  const origins = [...recipes.keys()].filter((picture) => recipes[picture]!.sameAs);
  const anyAttributes = Object.keys(network.config.attributes).map(() => ANY);
  const rowLabels = [...classLabels, ...origins.map((picture) => classLabels[picture]!), any];
  const blends = recipes.map(({ blend }) => blendOf(labels, blend));
  const vectors = yield* vectorsInSlices(network, {
    classLabels: rowLabels,
    blends: [...blends, ...origins.map((picture) => blends[picture]!), null],
    attributes: [
      ...decided.flatMap(({ own }) => own),
      ...origins.flatMap((picture) => decided[picture]!.origin!),
      ...anyAttributes,
    ],
    ...(network.config.student && { sampling: samplingOf(recipes[0]!, rowLabels.length) }),
  });
  const classesAt = (step: number) =>
    recipes.map((recipe, picture) =>
      step < numStepsAlike(recipe) ? recipes.length + origins.indexOf(picture) : picture,
    );
  return { classesAt, nullLabel: recipes.length + origins.length, vectors };
}

function blendOf(labels: readonly string[], blend: Recipe['blend']): ClassBlend | null {
  return blend ? { classLabel: indexOfLabel(labels, blend.label), amount: blend.amount } : null;
}

/** `conditioningVectors` by a recording, where the backend has them. */
function vectorsInSlices(
  { config, weights }: NonNullable<DiffusionModel['conditioning']>,
  conditions: Conditions,
): Generator<void, Tensor2D> {
  const inputs = conditioningInputs(config, conditions);
  return recordedInSlices(weights, {
    name: 'conditioning',
    inputs: inputs.map(({ values, shape }) => ({ input: values, shape })),
    shape: [conditions.classLabels.length, config.embedding_dim],
    pass: (...given) => conditioningOfInputs(config, weights, given as Tensor2D[]),
    // biome-ignore lint/correctness/useYield: it is small, and one slice
    *inSlices() {
      return conditioningVectors(config, weights, conditions);
    },
  });
}

/** What a student is told of how a batch is sampled, for so many rows. */
function samplingOf({ guidanceScale, numInferenceSteps }: Told, numRows: number): SamplingConditions {
  const rows = <Value>(value: Value) => new Array<Value>(numRows).fill(value);
  return { guidanceScales: rows(guidanceScale ?? 1), stepCounts: rows(numInferenceSteps!) };
}

/** The row of the embedding table for a label: they are in order, and none is the null label's, which is −1 where there is none. */
export function rowOfLabel(label: number, nullLabel: number): number {
  return nullLabel >= 0 && label >= nullLabel ? label + 1 : label;
}

/** What the U-Net takes for these classes; a tensor is the caller's to dispose. */
export function rowsOfCondition({ vectors }: BatchCondition, classes: ArrayLike<number>): Tensor2D | ArrayLike<number> {
  if (!vectors) return classes;
  return tidy(() => embeddingRows({ 'vectors.weight': vectors }, 'vectors', classes));
}
