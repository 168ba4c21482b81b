import { dispose, keep, mul, type Tensor1D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { toPixels } from '../core/pixels.ts';
import { assertSeed, normals } from '../core/random.ts';
import {
  assertGuidance,
  type GuidanceOptions,
  guidedPredictionInSlices,
  type SlicedDenoisingModel,
} from '../diffusion/guidance.ts';
import { guidanceNorm } from '../diffusion/guidanceNorm.ts';
import { createSampler } from '../diffusion/sampler.ts';
import type { Sampler, SamplerStep } from '../diffusion/samplerType.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SamplerName, SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { alphaBarAt } from '../diffusion/sigmas.ts';
import { assertAmount, slerp } from '../diffusion/slerp.ts';
import { decode, decodeInSlices, unscaleLatents } from '../networks/autoencoderKl.ts';
import { unet2dInSlices } from '../networks/unet2d.ts';
import { type ImageSize, imageSize } from './imageSize.ts';
import { indexOfLabel } from './labels.ts';
import type { DiffusionModel } from './model.ts';

/** One picture to make: what, and which. */
export interface ImageRequest {
  label: string;
  /** uint32; fixes the picture, whatever else is made in the same batch. */
  seed: number;
  /** Starts between the noise of `seed` and that of a second seed. */
  interpolate?: Interpolation;
}

/** Where an image's initial noise lies: on the arc (slerp) from that of its own seed to that of another. */
export interface Interpolation {
  /** uint32; of the other end. */
  seed: number;
  /** 0: exactly the image's own noise … 1: exactly the other's. The noise that some samplers add in each step stays its own. */
  amount: number;
}

/** `widthPx` and `heightPx` are any multiples of the tile, for models with circular padding. */
export interface SampleOptions extends GuidanceOptions, ImageSize {
  numInferenceSteps?: number;
  sampler?: SamplerName;
  /** DDIM only: 0 (deterministic) … 1. */
  eta?: number;
  /** Each step tells its `guidanceNorm`; default false. */
  measureGuidance?: boolean;
  signal?: AbortSignal;
}

/** One denoising step of a batch. */
export interface SampleStep {
  /** Steps done, from 1. */
  step: number;
  numSteps: number;
  /** The clean latents as the network sees them now, (B, h, w, c); disposed by `sample` at the next step. */
  x0Pred: Tensor4D;
  /**
   * How far guidance moved the predicted noise of each image, (B): see `guidanceNorm`. null unless it is asked for, and
   * where the step took one pass: at guidance 0 and 1, and outside of the interval. The caller disposes it.
   */
  guidanceNorm: Tensor1D | null;
}

/** The stream of a seed that starts its image; step i draws from stream i + 1. */
const START_STREAM = 0;

/**
 * Makes latents by the reverse process, step by step. After the last step `x0Pred` is the result; the caller copies what
 * it wants to keep beyond a step.
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, algorithm 2, with the sampler that the options or the model's defaults name.
 * @throws RangeError for an unknown label, a size the model does not make or a number out of range; the signal's reason when
 *         aborted
 */
export async function* sample(
  model: DiffusionModel,
  requests: readonly ImageRequest[],
  options: SampleOptions = {},
): AsyncGenerator<SampleStep> {
  for (const step of sampleInSlices(model, requests, options)) if (step) yield step;
}

/**
 * `sample` in slices of about one convolution each, for a thread that has other work: null after a slice that leaves its
 * step unfinished, else the step. Call `next()` outside of tf.tidy; `return()` gives the rest up and frees what it held.
 *
 *   for (const step of sampleInSlices(model, requests)) {
 *     if (step) show(step.x0Pred);
 *     if (performance.now() > deadline) deadline = await nextFrame();
 *   }
 *
 * @throws as `sample`, at the first slice; the signal's reason at the first slice after it is aborted
 */
export function* sampleInSlices(
  model: DiffusionModel,
  requests: readonly ImageRequest[],
  options: SampleOptions = {},
): Generator<SampleStep | null> {
  const plan = planSampling(model, requests, options);
  const { sampler } = plan;
  const numSteps = sampler.timesteps.length;
  let xt = tidy(() => mul(startNoise(plan, requests), sampler.initNoiseSigma) as Tensor4D);
  let x0Pred: Tensor4D | null = null;
  try {
    for (let index = 0; index < numSteps; index++) {
      const next = yield* abortable(stepInSlices(model, requests, plan, xt, index), options.signal);
      dispose(x0Pred ? [xt, x0Pred] : [xt]);
      ({ xt, x0Pred } = next);
      const isLast = index === numSteps - 1;
      yield { step: index + 1, numSteps, x0Pred: isLast ? xt : x0Pred, guidanceNorm: next.guidanceNorm };
    }
  } finally {
    dispose(x0Pred ? [xt, x0Pred] : [xt]);
    sampler.dispose();
  }
}

/** What a step gives. */
type Denoised = SamplerStep<Tensor4D> & Pick<SampleStep, 'guidanceNorm'>;

interface SamplingPlan {
  guidance: GuidanceOptions;
  classLabels: number[];
  sampler: Sampler;
  measure: Measure | undefined;
  /** (h, w, c) of the latents of one image. */
  latentShape: readonly [number, number, number];
}

/** How far a step's guidance goes, (B). */
type Measure = (guided: Tensor4D, uncond: Tensor4D, index: number) => Tensor1D;

/** The checked options, with the model's defaults. */
function planSampling(
  { index, scheduler, latentShape: ownShape }: DiffusionModel,
  requests: readonly ImageRequest[],
  options: SampleOptions,
): SamplingPlan {
  const { sampleDefaults } = index.figment;
  const guidance: GuidanceOptions = {
    guidanceScale: options.guidanceScale ?? sampleDefaults.guidanceScale,
    guidanceInterval: options.guidanceInterval,
    guidanceRescale: options.guidanceRescale,
  };
  assertGuidance('generate', guidance);
  const [widthPx, heightPx] = imageSize(index.figment, options);
  const classLabels = requests.map(({ label }) => indexOfLabel(index.labels, label));
  for (const request of requests) assertSeeds(request);
  const numInferenceSteps = options.numInferenceSteps ?? sampleDefaults.numInferenceSteps;
  const name = options.sampler ?? (sampleDefaults.sampler as SamplerName);
  const sampler = createSampler(name, scheduler, { numInferenceSteps, eta: options.eta ?? 0 });
  const measure = options.measureGuidance ? measureOf(scheduler, sampler) : undefined;
  const [height, width, channels] = ownShape;
  const latentShape = [
    (heightPx / index.figment.heightPx) * height,
    (widthPx / index.figment.widthPx) * width,
    channels,
  ] as const;
  return { guidance, classLabels, sampler, measure, latentShape };
}

function measureOf(scheduler: SchedulerConfig, { timesteps }: Sampler): Measure {
  const schedule = createSchedule(scheduler);
  return (guided, uncond, index) =>
    guidanceNorm(schedule.predictionType, guided, uncond, alphaBarAt(schedule, timesteps[index]!));
}

/** One step of the reverse process from xt, which stays the caller's. */
function* stepInSlices(
  model: DiffusionModel,
  requests: readonly ImageRequest[],
  plan: SamplingPlan,
  xt: Tensor4D,
  index: number,
): Generator<void, Denoised> {
  const { guidance, classLabels, sampler, measure } = plan;
  const { config, weights } = model.unet;
  const { labels, figment } = model.index;
  const predict: SlicedDenoisingModel<Tensor4D> = (x, t, classes) =>
    unet2dInSlices(config, weights, x, t, classes, figment.circularPadding);
  const t = sampler.timesteps[index]!;
  const input = tidy(() => sampler.scaleInput(xt, index));
  const owned = [input];
  const norms: Tensor1D[] = []; // one, if any
  const observe = (guided: Tensor4D, uncond: Tensor4D) => norms.push(keep(measure!(guided, uncond, index)));
  try {
    const output = yield* guidedPredictionInSlices(
      predict,
      input,
      t,
      classLabels,
      labels.length,
      guidance,
      measure && observe,
    );
    owned.push(output);
    const stepNoise = sampler.needsNoise ? noise(plan, requests, index + 1) : undefined;
    if (stepNoise) owned.push(stepNoise);
    return { ...tidy(() => sampler.step(output, index, xt, stepNoise)), guidanceNorm: norms.pop() ?? null };
  } finally {
    dispose([...owned, ...norms]);
  }
}

/** Slices that end with the signal's reason once it is aborted. */
function* abortable<T>(slices: Generator<void, T>, signal: AbortSignal | undefined): Generator<null, T> {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = slices.next();
      if (done) return value as T;
      yield null;
    }
  } finally {
    slices.return(undefined as T);
  }
}

function assertSeeds({ seed, interpolate }: ImageRequest): void {
  assertSeed('generate', seed);
  if (!interpolate) return;
  assertSeed('generate: interpolate', interpolate.seed);
  assertAmount('generate: interpolate', interpolate.amount);
}

/** Standard normal latents that the images begin with, (B, h, w, c): of their seeds, or between two of them. */
function startNoise(plan: SamplingPlan, requests: readonly ImageRequest[]): Tensor4D {
  return latentsOf(plan, requests, ({ seed, interpolate }, size) => {
    const own = normals(seed, START_STREAM, size);
    return interpolate ? slerp(own, normals(interpolate.seed, START_STREAM, size), interpolate.amount) : own;
  });
}

/** Standard normal latents of each image from its own seed, (B, h, w, c). */
function noise(plan: SamplingPlan, requests: readonly ImageRequest[], stream: number): Tensor4D {
  return latentsOf(plan, requests, ({ seed }, size) => normals(seed, stream, size));
}

/** Puts so many values of each image together. */
function latentsOf(
  { latentShape }: SamplingPlan,
  requests: readonly ImageRequest[],
  draw: (request: ImageRequest, size: number) => Float32Array,
): Tensor4D {
  const [height, width, channels] = latentShape;
  const size = height * width * channels;
  const values = new Float32Array(requests.length * size);
  for (const [i, request] of requests.entries()) values.set(draw(request, size), i * size);
  return tensor4d(values, [requests.length, height, width, channels]);
}

/**
 * Decodes scaled latents into image values.
 *
 * @param latents float32 (B, h, w, c), as `sample` gives them
 * @returns       float32 (B, H, W, channels), about [−1, 1], premultiplied if the model is; the caller disposes it
 */
export function decodeLatents(model: DiffusionModel, latents: Tensor4D): Tensor4D {
  return tidy(() => {
    const z = unscaleLatents(model.vae.config, latents);
    return decode(model.vae.config, model.vae.weights, z, model.index.figment.circularPadding);
  });
}

/**
 * `decodeLatents` in slices of about one convolution each; `return()` gives it up. Call `next()` outside of tf.tidy.
 *
 * @returns through the generator, what `decodeLatents` returns; the caller disposes it, and keeps the latents until then
 */
export function* decodeLatentsInSlices(model: DiffusionModel, latents: Tensor4D): Generator<void, Tensor4D> {
  const z = unscaleLatents(model.vae.config, latents);
  try {
    return yield* decodeInSlices(model.vae.config, model.vae.weights, z, model.index.figment.circularPadding);
  } finally {
    z.dispose();
  }
}

/** Decoded values to one RGBA picture per image: bytes, sRGB, straight alpha, top row first. */
export async function imagesToPixels(model: DiffusionModel, images: Tensor4D): Promise<Uint8Array[]> {
  const { channels, premultipliedAlpha } = model.index.figment;
  const values = (await images.data()) as Float32Array;
  const size = values.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) =>
    toPixels(values.subarray(i * size, (i + 1) * size), channels, { premultiplied: premultipliedAlpha }),
  );
}

export interface GenerateOptions extends SampleOptions {
  /** Called after every step, and waited for: a promise lets events in, such as the one that aborts. */
  onStep?: (step: SampleStep) => void | Promise<void>;
}

/**
 * Makes pictures.
 *
 *   const [elf] = await generate(model, [{ label: 'elf', seed: 7 }], { guidanceScale: 2 });
 *
 * @returns RGBA bytes of each, sRGB, straight alpha, top row first
 * @throws  as `sample`
 */
export async function generate(
  model: DiffusionModel,
  requests: readonly ImageRequest[],
  options: GenerateOptions = {},
): Promise<Uint8Array[]> {
  if (requests.length === 0) return [];
  for await (const step of sample(model, requests, options)) {
    await options.onStep?.(step);
    if (step.step < step.numSteps) continue;
    options.signal?.throwIfAborted();
    const images = decodeLatents(model, step.x0Pred);
    try {
      return await imagesToPixels(model, images);
    } finally {
      images.dispose();
    }
  }
  throw new Error('generate: the sampler made no step; ask for at least 1');
}
