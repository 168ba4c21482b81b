import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { ANY, ANY_WORD, type Attributes, decodeAttributes, encodeAttributes } from '../core/attributes.ts';
import { decideAttributes, fillAttributes } from '../core/decideAttributes.ts';
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
import type { FigmentEntry } from '../weights/modelIndex.ts';
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

/** What a recipe says of the attributes of its picture. */
export type Asked = Pick<Recipe, 'label' | 'attributes' | 'sameAs'> &
  Partial<Pick<Recipe, 'seed' | 'interpolate' | 'classifierScale' | 'strength'>> & {
    image?: unknown;
    mask?: unknown;
    classifier?: unknown;
  };

/** Whether a picture keeps something of an image, which then shows what it is; where it goes all the way from it, it does not. */
export function keepsOfImage({ image, mask, strength }: Pick<Asked, 'image' | 'mask' | 'strength'>): boolean {
  return Boolean(image) && (Boolean(mask) || strength !== 1);
}

/** The attributes of a picture, and those of the one that it is to be the same as, as a network takes them. */
export interface DecidedAttributes {
  own: number[];
  origin: number[] | null;
}

/**
 * The attributes that a recipe asks for, and where it leaves them open those that the model's examples decide on, by the
 * label alone and not by what is blended in, so that a blend can be changed in place. They stay open where the picture begins
 * from an image, which shows them already, and where a classifier steers it, which could change little if they were decided.
 *
 * @throws RangeError for an attribute that the model lacks
 */
export function decidedAttributes(
  labels: readonly string[],
  { attributes: vocabulary = {}, examples }: Pick<FigmentEntry, 'attributes' | 'examples'>,
  recipe: Asked,
): DecidedAttributes {
  const { label, attributes = {}, sameAs, seed, interpolate, classifier, classifierScale } = recipe;
  const isToldElsewhere = keepsOfImage(recipe) || (classifier && classifierScale !== 0);
  const nearer = interpolate && interpolate.amount > 0.5 ? interpolate.seed : seed;
  const known = examples && !isToldElsewhere ? { examples, attributes: vocabulary } : null;
  const place = indexOfLabel(labels, label);
  const encoded = (asked: Attributes) => encodeAttributes('generate', vocabulary, asked);
  const decided = (asked: Attributes) =>
    known && nearer !== undefined ? decideAttributes(known, place, encoded(asked), nearer) : encoded(asked);
  if (!sameAs) return { own: decided(attributes), origin: null };
  const ofOrigin = Object.entries({ ...attributes, ...sameAs }).filter(([, value]) => value !== ANY_WORD);
  const origin = decided(Object.fromEntries(ofOrigin));
  // What only the other is asked for is open here; all else that is open is as it is there.
  const fresh = decided(attributes);
  const like = Object.keys(vocabulary).map((name, at) => (Object.hasOwn(sameAs, name) ? fresh : origin)[at]!);
  return { own: fillAttributes(known, place, encoded(attributes), like), origin };
}

/**
 * What the picture of a recipe is to show: the attributes that it asks for, and those that the model's examples decide on by
 * its seed. Without examples the others are absent.
 *
 * @throws RangeError for a label or attribute that the model lacks
 */
export function attributesOfRecipe(
  { labels, ...known }: { readonly labels: readonly string[] } & Pick<FigmentEntry, 'attributes' | 'examples'>,
  asked: Asked,
): Record<string, string | number> {
  indexOfLabel(labels, asked.label);
  return decodeAttributes(known.attributes ?? {}, decidedAttributes(labels, known, asked).own);
}

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
    recipes.map(({ sameFor = 0, numInferenceSteps = 0 }, picture) =>
      step < Math.floor(sameFor * numInferenceSteps + ROUNDING) ? recipes.length + origins.indexOf(picture) : picture,
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

/** The row of the embedding table for a label: they are in order, and none is the null label's. */
function rowOfLabel(label: number, nullLabel: number): number {
  return nullLabel >= 0 && label >= nullLabel ? label + 1 : label;
}

/** Products of shares and whole numbers may lie this far below a whole number. */
const ROUNDING = 1e-9;

/** What the U-Net takes for these classes; a tensor is the caller's to dispose. */
export function rowsOfCondition({ vectors }: BatchCondition, classes: ArrayLike<number>): Tensor2D | ArrayLike<number> {
  if (!vectors) return classes;
  return tidy(() => embeddingRows({ 'vectors.weight': vectors }, 'vectors', classes));
}
