import { clipByValue, greater, minimum, slice, type Tensor4D, tidy, where } from '@tensorflow/tfjs-core';
import { MIN_ALPHA } from '../core/pixels.ts';
import { type ConditionalVae, cvaeImagesInSlices } from './conditionalVae.ts';
import { decodeLatents, imagesToPixels } from './decode.ts';
import { numStepsAt } from './edit.ts';
import type { GenerateOptions } from './generate.ts';
import type { DiffusionModel } from './model.ts';
import { REFINE_STRENGTH } from './pipeline.ts';
import type { ImageRequest } from './request.ts';
import { type SampleStep, sampleInSlices } from './sample.ts';
import type { SampleOptions } from './samplingPlan.ts';

/** What `refineInSlices` gives: the VAE's pictures once, then the steps. */
export type RefineStep = VaePreview | SampleStep;

export interface VaePreview {
  step: 0;
  /** Of the steps that follow. */
  numSteps: number;
  /** Values (B, H, W, channels) as `decodeLatents` gives them; the caller disposes them. */
  preview: Tensor4D;
}

/**
 * A picture of the VAE first, then the diffusion model from there: of its n steps the last round(strength · n), from the
 * VAE's picture noised to where they begin. In slices as `sampleInSlices`: null after one that finishes nothing.
 *
 * At strength 1 the result is that of `sample`, at 0 the VAE's picture as the auto-encoder sees it.
 *
 * Source: Meng et al. 2022 (SDEdit), arXiv:2108.01073, algorithm 1, on latents.
 * @param requests without images
 * @throws         as `sampleInSlices`
 */
export function* refineInSlices(
  model: DiffusionModel,
  cvae: ConditionalVae,
  requests: readonly ImageRequest[],
  options: SampleOptions = {},
): Generator<RefineStep | null> {
  const { signal, strength = REFINE_STRENGTH } = options;
  const { numInferenceSteps = model.index.figment.sampleDefaults.numInferenceSteps } = options;
  const slices = cvaeImagesInSlices(cvae, cvae.index.labels, requests);
  let start: Tensor4D | null = null;
  try {
    while (!start) {
      signal?.throwIfAborted();
      const { done, value } = slices.next();
      if (!done) {
        yield null;
        continue;
      }
      const preview = value as Tensor4D;
      start = asPicture(model, preview);
      yield { step: 0, numSteps: Math.max(1, numStepsAt(strength, numInferenceSteps)), preview };
    }
    yield* sampleInSlices(model, requests, { ...options, strength, start });
  } finally {
    slices.return(undefined as never);
    start?.dispose();
  }
}

/** Values that a picture's bytes could have, as `toPixels` clamps them: what the auto-encoder knows. */
function asPicture({ index }: DiffusionModel, values: Tensor4D): Tensor4D {
  const { channels, premultipliedAlpha } = index.figment;
  return tidy(() => {
    const clipped: Tensor4D = clipByValue(values, -1, 1);
    if (channels === 3 || !premultipliedAlpha) return clipped;
    const alpha = slice(clipped, [0, 0, 0, 3], [-1, -1, -1, 1]);
    const isSeen = greater(alpha, (2 * (MIN_ALPHA - 0.5)) / 255 - 1);
    return where(isSeen, minimum(clipped, alpha), -1) as Tensor4D;
  });
}

export interface RefineOptions extends GenerateOptions {
  /** Given the VAE's pictures, RGBA bytes, before the first step, and waited for. */
  onPreview?: (pictures: Uint8Array[]) => void | Promise<void>;
}

/**
 * Makes pictures by both pipelines.
 *
 *   const [elf] = await refine(model, cvae, [{ label: 'elf', seed: 7 }], { onPreview: ([blurred]) => show(blurred) });
 *
 * @returns RGBA bytes of each, sRGB, straight alpha, top row first
 * @throws  as `refineInSlices`
 */
export async function refine(
  model: DiffusionModel,
  cvae: ConditionalVae,
  requests: readonly ImageRequest[],
  options: RefineOptions = {},
): Promise<Uint8Array[]> {
  if (requests.length === 0) return [];
  for (const step of refineInSlices(model, cvae, requests, options)) {
    if (step === null) continue;
    if ('preview' in step) {
      const pictures = await imagesToPixels(model, step.preview).finally(() => step.preview.dispose());
      await options.onPreview?.(pictures);
      continue;
    }
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
