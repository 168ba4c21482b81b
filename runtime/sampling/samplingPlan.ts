import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { numFramesOf } from '../core/frames.ts';
import { type GuidanceOptions, guidanceNorm } from '../diffusion/guidance.ts';
import { createSampler } from '../diffusion/sampler.ts';
import type { Sampler } from '../diffusion/samplerType.ts';
import { alphaBarAt, createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { NO_SHIFT, type Shift } from '../networks/roll.ts';
import type { Tiles } from '../networks/windows.ts';
import { imageSize } from '../recipe/imageSize.ts';
import { batchKey } from '../recipe/keys.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { type BatchCondition, conditionInSlices } from './batchCondition.ts';
import { type ClassifierGuide, type Classifiers, classifierGuideOf } from './classifierGuide.ts';
import { numStepsAt } from './edit.ts';
import type { DiffusionModel } from './model.ts';
import { checkAttendedSize } from './model.ts';

/** How recipes are sampled, beside what they say themselves. */
export interface SampleRun {
  signal?: AbortSignal;
  /** The classifiers that the recipes name, by those names. */
  classifiers?: Classifiers;
  /** Whether each step gives its `guidanceNorm`; default false. */
  measureGuidance?: boolean;
  /**
   * Decoded values to begin from in place of the recipes' images, (B, H, W, channels) as `decodeLatents` gives them; the
   * caller disposes them.
   */
  start?: Tensor4D;
  /** Whether steps may be made by recordings, where the backend has them, and are then equal but for rounding; default false. */
  isRecorded?: boolean;
  /**
   * Moves all noise around the borders of the picture by so many of its latents, and the places that the network knows, as an
   * evaluation does: a network that knows no borders moves its picture with it.
   */
  noiseShift?: Shift;
}

/** One denoising step of a batch. */
export interface SampleStep {
  /** Steps done, from 1. */
  step: number;
  /** At least 1: where the strength is too low for any step, that one gives the image as the auto-encoder sees it. */
  numSteps: number;
  /** The clean latents as the network sees them now, (B, h, w, c); disposed by `sample` at the next step. */
  x0Pred: Tensor4D;
  /**
   * How far guidance moved the predicted noise of each image, (B): see `guidanceNorm`. null unless it is asked for, and
   * where the step took one pass: at guidance 0 and 1, and outside of the interval. The caller disposes it.
   */
  guidanceNorm: Tensor1D | null;
}

/** What is to be made, checked, with the model's defaults. */
export interface SamplingPlan {
  recipes: readonly Recipe[];
  guidance: GuidanceOptions;
  classifierGuide: ClassifierGuide | null;
  /** Its vectors are disposed with the sampler. */
  condition: BatchCondition;
  sampler: Sampler;
  /** The sampler's step to begin with; where it equals the number of steps, none is made. */
  firstStep: number;
  /** How often a step is made where something is kept. */
  resamples: number;
  /** Decoded values that stand for the recipes' images; undefined when there are none. */
  start: Tensor4D | undefined;
  measure: Measure | undefined;
  isRecorded: boolean;
  noiseShift: Shift;
  widthPx: number;
  heightPx: number;
  /** How many of the model's own pictures one is made of. */
  tiles: Tiles;
  numFrames: number;
  /** (h, w, c) of the latents of one image. */
  latentShape: readonly [number, number, number];
}

/** How far a step's guidance goes, (B). */
type Measure = (guided: Tensor4D, uncond: Tensor4D, index: number) => Tensor1D;

/**
 * Lays out the sampling of recipes that can be made in one batch.
 *
 * @returns through the generator
 * @throws  RangeError when there are no recipes, they differ in more than a batch may, or name a classifier that is not there; Error
 *          for a picture so large that its auto-encoder would attend for minutes
 */
export function* planSampling(
  model: DiffusionModel,
  recipes: readonly Recipe[],
  run: SampleRun,
): Generator<void, SamplingPlan> {
  const { index, scheduler, latentShape: ownShape } = model;
  const first = firstRecipe(recipes);
  assertOneBatch(recipes);
  const [widthPx, heightPx] = imageSize(index.figment, first);
  const tiles: Tiles = [heightPx / index.figment.heightPx, widthPx / index.figment.widthPx];
  const [height, width, channels] = ownShape;
  const latentShape = [tiles[0] * height, tiles[1] * width, channels] as const;
  checkAttendedSize('generate', index.figment.name, latentShape, null, model.vae?.config ?? null);
  const classifierGuide = classifierGuideOf(model, first, run.classifiers);
  // A student is told how far to guide, and does so in one pass.
  const { guidanceScale, guidanceInterval, guidanceRescale } = model.conditioning?.config.student
    ? { guidanceScale: 1 }
    : first;
  const numInferenceSteps = first.numInferenceSteps!;
  const hasBeginning = first.image !== undefined || run.start !== undefined;
  const numSteps = hasBeginning ? numStepsAt(first.strength!, numInferenceSteps) : numInferenceSteps;
  const sampler = createSampler(first.sampler!, scheduler, { numInferenceSteps, eta: first.eta ?? 0 });
  return {
    recipes,
    guidance: {
      guidanceScale,
      guidanceInterval: guidanceInterval ?? index.figment.sampleDefaults.guidanceInterval,
      guidanceRescale,
    },
    classifierGuide,
    condition: yield* conditionInSlices(model, recipes),
    sampler,
    firstStep: numInferenceSteps - numSteps,
    resamples: first.resamples ?? 1,
    start: run.start,
    measure: run.measureGuidance ? measureOf(scheduler, sampler) : undefined,
    isRecorded: (run.isRecorded ?? false) && !run.noiseShift,
    noiseShift: run.noiseShift ?? NO_SHIFT,
    widthPx,
    heightPx,
    tiles,
    numFrames: numFramesOf(index.figment),
    latentShape,
  };
}

/** The recipe whose sampling is that of its batch. @throws RangeError when the batch is empty */
export function firstRecipe([first]: readonly Recipe[]): Recipe {
  if (first) return first;
  throw new RangeError('generate: the batch has no recipes; give at least one');
}

/** A batch has one sampling: what is shown, seeds, interpolations, images and masks alone may differ. */
function assertOneBatch(recipes: readonly Recipe[]): void {
  if (recipes.length < 2) return;
  const { widthPx: _w, heightPx: _h, ...first } = recipes[0]!;
  const key = batchKey(first);
  for (const { widthPx, heightPx, ...other } of recipes) {
    if (batchKey(other) === key && widthPx === recipes[0]!.widthPx && heightPx === recipes[0]!.heightPx) continue;
    throw new RangeError(
      'generate: recipes of one batch may differ in label, blend, attributes, what they are the same as, seed, interpolation, image and mask alone, and all have an image, or a mask, or none; make them in batches of their own',
    );
  }
}

function measureOf(scheduler: SchedulerConfig, { timesteps }: Sampler): Measure {
  const schedule = createSchedule(scheduler);
  return (guided, uncond, index) =>
    guidanceNorm(schedule.predictionType, guided, uncond, alphaBarAt(schedule, timesteps[index]!));
}
