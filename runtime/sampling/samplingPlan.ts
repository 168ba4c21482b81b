import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { assertGuidance, type GuidanceOptions } from '../diffusion/guidance.ts';
import { guidanceNorm } from '../diffusion/guidanceNorm.ts';
import { createSampler } from '../diffusion/sampler.ts';
import type { Sampler } from '../diffusion/samplerType.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SamplerName, SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { alphaBarAt } from '../diffusion/sigmas.ts';
import type { Tiles } from '../networks/windows.ts';
import { type ClassifierGuidanceOptions, type ClassifierGuide, classifierGuideOf } from './classifierGuide.ts';
import { type BatchCondition, conditionOf, encodeRequests } from './conditioningOf.ts';
import { assertEdit, type EditOptions, editDefaults, numStepsAt } from './edit.ts';
import { type ImageSize, imageSize } from './imageSize.ts';
import type { DiffusionModel } from './model.ts';
import { assertRequests, type ImageRequest } from './request.ts';

/** `widthPx` and `heightPx` are any multiples of the tile, for models with circular padding. */
export interface SampleOptions extends GuidanceOptions, ClassifierGuidanceOptions, ImageSize, EditOptions {
  numInferenceSteps?: number;
  sampler?: SamplerName;
  /** DDIM only: 0 (deterministic) … 1. */
  eta?: number;
  /**
   * Decoded values to begin from, (B, H, W, channels) as `decodeLatents` gives them, in place of each request's `image`;
   * the caller disposes them.
   */
  start?: Tensor4D;
  /** Each step tells its `guidanceNorm`; default false. */
  measureGuidance?: boolean;
  signal?: AbortSignal;
}

/** What is to be made, checked, with the model's defaults. */
export interface SamplingPlan {
  requests: readonly ImageRequest[];
  guidance: GuidanceOptions;
  classifierGuide: ClassifierGuide | null;
  /** Its vectors are disposed with the sampler. */
  condition: BatchCondition;
  sampler: Sampler;
  /** Of the sampler's steps the one to begin with; as many as there are: none is made. */
  firstStep: number;
  /** How often a step is made where something is kept. */
  resamples: number;
  /** Decoded values that stand for the requests' images; undefined: there are none. */
  start: Tensor4D | undefined;
  measure: Measure | undefined;
  widthPx: number;
  heightPx: number;
  /** How many of the model's own pictures one is made of. */
  tiles: Tiles;
  /** (h, w, c) of the latents of one image. */
  latentShape: readonly [number, number, number];
}

/** How far a step's guidance goes, (B). */
type Measure = (guided: Tensor4D, uncond: Tensor4D, index: number) => Tensor1D;

/** @throws RangeError for an unknown label or attribute, a size the model does not make or a number out of range */
export function planSampling(
  model: DiffusionModel,
  requests: readonly ImageRequest[],
  options: SampleOptions,
): SamplingPlan {
  const { index, scheduler, latentShape: ownShape } = model;
  const { sampleDefaults } = index.figment;
  const guidance: GuidanceOptions = {
    guidanceScale: options.guidanceScale ?? sampleDefaults.guidanceScale,
    guidanceInterval: options.guidanceInterval,
    guidanceRescale: options.guidanceRescale,
  };
  assertGuidance('generate', guidance);
  const classifierGuide = classifierGuideOf(model, options);
  const [widthPx, heightPx] = imageSize(index.figment, options);
  const conditions = encodeRequests(model, requests);
  assertRequests(requests, [widthPx, heightPx]);
  assertStart(options.start, requests, [heightPx, widthPx, index.figment.channels]);
  const hasImages = requests[0]?.image !== undefined || options.start !== undefined;
  assertEdit(options, hasImages);
  const defaults = editDefaults(requests[0]?.mask !== undefined);
  const strength = hasImages ? (options.strength ?? defaults.strength) : 1;
  const numInferenceSteps = options.numInferenceSteps ?? sampleDefaults.numInferenceSteps;
  const name = options.sampler ?? (sampleDefaults.sampler as SamplerName);
  const sampler = createSampler(name, scheduler, { numInferenceSteps, eta: options.eta ?? 0 });
  const tiles: Tiles = [heightPx / index.figment.heightPx, widthPx / index.figment.widthPx];
  const [height, width, channels] = ownShape;
  return {
    requests,
    guidance,
    classifierGuide,
    condition: conditionOf(model, conditions),
    sampler,
    firstStep: numInferenceSteps - numStepsAt(strength, numInferenceSteps),
    resamples: options.resamples ?? defaults.resamples,
    start: options.start,
    measure: options.measureGuidance ? measureOf(scheduler, sampler) : undefined,
    widthPx,
    heightPx,
    tiles,
    latentShape: [tiles[0] * height, tiles[1] * width, channels],
  };
}

function assertStart(
  start: Tensor4D | undefined,
  requests: readonly ImageRequest[],
  shape: readonly [number, number, number],
): void {
  if (!start) return;
  if (requests[0]?.image) throw new RangeError('generate: there are images and a start; begin from one of them');
  const expected = [requests.length, ...shape];
  if (start.shape.join() === expected.join()) return;
  throw new RangeError(`generate: the start has the shape ${start.shape.join('×')}; expected ${expected.join('×')}`);
}

function measureOf(scheduler: SchedulerConfig, { timesteps }: Sampler): Measure {
  const schedule = createSchedule(scheduler);
  return (guided, uncond, index) =>
    guidanceNorm(schedule.predictionType, guided, uncond, alphaBarAt(schedule, timesteps[index]!));
}
