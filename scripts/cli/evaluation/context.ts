// What an evaluation is about: the model, the data that it is compared with, and the pictures that are asked for.
import {
  attributesOf,
  type Dataset,
  type DatasetSplit,
  encodeColumns,
  type HeightGuesser,
  type ImageSet,
  imagesOfDataset,
  membersOf,
  nextSeed,
  type PictureOptions,
  type SampleOptions,
} from '../../../runtime/index.ts';
import type { RealFrames } from './frames.ts';
import type { Judge } from './judge.ts';
import { type Judged, makersOf } from './makePictures.ts';
import type { Measured } from './measure.ts';
import type { Metrics } from './report.ts';
import type { RealSweep } from './sweeps.ts';
import type { RealSet } from './variedSets.ts';

/** How the pictures are made. */
export type EvaluationRecipe = Omit<Metrics['recipe'], 'backend'>;

/** Real pictures in the format of the model's, in sets that differ in one attribute alone. */
export interface RealSets {
  dataset: Dataset;
  sets: readonly RealSet[];
}

/** Real pictures in the format of the model's, of which some differ in one number alone. */
export interface RealSweeps {
  dataset: Dataset;
  sweeps: readonly RealSweep[];
}

/** What it takes to judge what a model generates. */
export interface Context extends Judged {
  /** In the format of the model's pictures, with their maps and frames. */
  whole: Dataset;
  /** Which images of `whole` are held out. */
  splitOfWhole: DatasetSplit;
  /** What the classifier sees of it: every frame is an image. */
  dataset: Dataset;
  split: DatasetSplit;
  sets: Record<'heldOut' | 'reconstructedHeldOut', ImageSet>;
  classifier: Judge;
  /** What guesses heights from pictures; models of materials alone have it. */
  heights: (HeightGuesser & { numSteps: number }) | null;
  /** Whether the training images are searched for what generated ones may be copies of. */
  searchesCopies: boolean;
  /** Whether seams are measured, which takes pictures of their own. */
  hasSeams: boolean;
  /** How many seeds of each class have their numeric attributes swept. */
  numSweepSeeds: number;
  /** Real pictures that differ in one of these alone. */
  swept?: RealSweeps;
  /** The attribute that is varied alone, and in how many pictures. */
  vary?: { attribute: string; numIdentities: number };
  /** Real pictures that differ in it alone. */
  varied?: RealSets;
  real: Measured;
  /** Of held-out subjects; null for pictures of one frame. */
  realFrames: RealFrames | null;
  perClass: number;
  recipe: EvaluationRecipe;
}

/** What makes pictures by each pipeline, at one guidance scale. @param more their size, or what else the recipe does not say */
export function makersAt({ model, teacher, cvae, recipe }: Context, guidanceScale: number, more: SampleOptions = {}) {
  const { numInferenceSteps, sampler, guidanceInterval } = recipe;
  const interval = guidanceInterval && { guidanceInterval };
  return makersOf({ model, teacher, cvae }, { ...more, guidanceScale, ...interval, numInferenceSteps, sampler });
}

/**
 * The same number of pictures of every label, with the seeds that `figment bake` would use: counting up from the same first
 * seed for every label. Each is asked for the attributes of a held-out image of its label, one after the other.
 */
export function askedPictures({ whole: dataset, splitOfWhole: split, recipe }: Context) {
  const { imagesPerClass, firstSeed } = recipe;
  const columns = dataset.attributes ?? [];
  const models = dataset.labels.flatMap((_, label) => {
    const heldOut = membersOf(dataset.classLabels, label, split.heldOut);
    return Array.from({ length: imagesPerClass }, (_, i) => heldOut[i % heldOut.length]!);
  });
  return {
    requests: models.map(
      (image, i): PictureOptions => ({
        label: dataset.labels[dataset.classLabels[image]!]!,
        seed: nextSeed(firstSeed, i % imagesPerClass),
        ...(columns.length > 0 && { attributes: attributesOf(columns, image) }),
      }),
    ),
    classLabels: Int32Array.from(models, (image) => dataset.classLabels[image]!),
    attributes: columns.length > 0 ? encodeColumns(columns, models) : undefined,
    /** Pictures that are asked for in the same words count as one subject, since among held-out images hardly two have the same. */
    subjects: Int32Array.from(models, (image, i) => (columns.length > 0 ? image : i)),
  };
}

/** All images of a data set. */
export const everyImage = (dataset: Dataset) => imagesOfDataset(dataset, Int32Array.from(dataset.classLabels.keys()));
