import { dispose, mul, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { toPixels } from '../core/pixels.ts';
import { assertSeed, normals } from '../core/random.ts';
import { assertGuidance, type GuidanceOptions, guidedPrediction } from '../diffusion/guidance.ts';
import { createSampler } from '../diffusion/sampler.ts';
import type { SamplerName } from '../diffusion/schedulerConfig.ts';
import { decode, unscaleLatents } from '../networks/autoencoderKl.ts';
import { unet2d } from '../networks/unet2d.ts';
import { indexOfLabel } from './labels.ts';
import type { DiffusionModel } from './model.ts';

/** One picture to make: what, and which. */
export interface ImageRequest {
  label: string;
  /** uint32; fixes the picture, whatever else is made in the same batch. */
  seed: number;
}

export interface SampleOptions extends GuidanceOptions {
  numInferenceSteps?: number;
  sampler?: SamplerName;
  /** DDIM only: 0 (deterministic) … 1. */
  eta?: number;
  signal?: AbortSignal;
}

/** One denoising step of a batch. */
export interface SampleStep {
  /** Steps done, from 1. */
  step: number;
  numSteps: number;
  /** The clean latents as the network sees them now, (B, h, w, c); disposed by `sample` at the next step. */
  x0Pred: Tensor4D;
}

/** The stream of a seed that starts its image; step i draws from stream i + 1. */
const START_STREAM = 0;

/**
 * Makes latents by the reverse process, step by step. After the last step `x0Pred` is the result; the caller copies what
 * it wants to keep beyond a step.
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, algorithm 2, with the sampler that the options or the model's defaults name.
 * @throws RangeError for an unknown label or a number out of range; the signal's reason when aborted between steps
 */
export async function* sample(
  model: DiffusionModel,
  requests: readonly ImageRequest[],
  options: SampleOptions = {},
): AsyncGenerator<SampleStep> {
  const { sampleDefaults } = model.index.figment;
  const guidance: GuidanceOptions = {
    guidanceScale: options.guidanceScale ?? sampleDefaults.guidanceScale,
    guidanceInterval: options.guidanceInterval,
    guidanceRescale: options.guidanceRescale,
  };
  assertGuidance('generate', guidance);
  const classLabels = requests.map(({ label }) => indexOfLabel(model.index.labels, label));
  for (const { seed } of requests) assertSeed('generate', seed);
  const numInferenceSteps = options.numInferenceSteps ?? sampleDefaults.numInferenceSteps;
  const name = options.sampler ?? (sampleDefaults.sampler as SamplerName);
  const sampler = createSampler(name, model.scheduler, { numInferenceSteps, eta: options.eta ?? 0 });
  const circular = model.index.figment.circularPadding;
  const predict = (xt: Tensor4D, t: ArrayLike<number>, labels: ArrayLike<number>) =>
    unet2d(model.unet.config, model.unet.weights, xt, t, labels, circular);
  const numSteps = sampler.timesteps.length;
  let xt = tidy(() => mul(noise(model, requests, START_STREAM), sampler.initNoiseSigma) as Tensor4D);
  let x0Pred: Tensor4D | null = null;
  try {
    for (const [index, t] of sampler.timesteps.entries()) {
      options.signal?.throwIfAborted();
      const next = tidy(() => {
        const output = guidedPrediction(
          predict,
          sampler.scaleInput(xt, index),
          t,
          classLabels,
          model.index.labels.length,
          guidance,
        );
        return sampler.step(output, index, xt, sampler.needsNoise ? noise(model, requests, index + 1) : undefined);
      });
      dispose(x0Pred ? [xt, x0Pred] : [xt]);
      ({ xt, x0Pred } = next);
      const isLast = index === numSteps - 1;
      yield { step: index + 1, numSteps, x0Pred: isLast ? xt : x0Pred };
    }
  } finally {
    dispose(x0Pred ? [xt, x0Pred] : [xt]);
    sampler.dispose();
  }
}

/** Standard normal latents of each image from its own seed, (B, h, w, c). */
function noise(model: DiffusionModel, requests: readonly ImageRequest[], stream: number): Tensor4D {
  const [height, width, channels] = model.latentShape;
  const size = height * width * channels;
  const values = new Float32Array(requests.length * size);
  for (const [i, { seed }] of requests.entries()) normals(seed, stream, size, values, i * size);
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
