import {
  type DiffusionModel,
  decodeLatentsInSlices,
  finishEdit,
  type ImageTensor,
  imagesToPixels,
  type SampleOptions,
  sampleInSlices,
} from '../../runtime/index.ts';
import type { Recipe } from '../recipe.ts';
import { nextValue, type Pace, type Run, resultOf } from './pace.ts';

export interface BatchOptions {
  signal?: AbortSignal;
  previewEvery?: number;
  /** Told after each step, and waited for; owns `previews` (B, H, W, channels). */
  onStep?: (step: number, numSteps: number, previews: ImageTensor | null) => void | Promise<void>;
}

/**
 * Denoises recipes that differ in label, seed, interpolation, image and mask alone, and decodes the result.
 *
 * @returns decoded values (B, H, W, channels); the caller disposes them
 * @throws  the signal's reason, between slices and before the decode
 */
export async function paintBatch(
  model: DiffusionModel,
  recipes: readonly Recipe[],
  { signal, previewEvery = 0, onStep }: BatchOptions,
  pace: Pace,
  runSlice?: Run['runSlice'],
): Promise<ImageTensor> {
  const run: Run = { pace, signal, runSlice };
  const steps = sampleInSlices(model, recipes, { ...samplingOf(recipes[0]!), signal });
  try {
    for (let result = await nextValue(steps, run); result; result = await nextValue(steps, run)) {
      const { step, numSteps, x0Pred } = result;
      await pace.step?.();
      const isLast = step === numSteps;
      const isPreview = !isLast && previewEvery > 0 && step % previewEvery === 0;
      await onStep?.(step, numSteps, isPreview ? await decode(model, x0Pred, run) : null);
      if (isLast) return await decode(model, x0Pred, run);
    }
  } finally {
    steps.return(undefined);
  }
  throw new Error('generate: the sampler made no step; ask for at least 1');
}

function decode(model: DiffusionModel, latents: ImageTensor, run: Run): Promise<ImageTensor> {
  return resultOf(decodeLatentsInSlices(model, latents), run);
}

/** What all recipes of a batch have alike. */
export function samplingOf(recipe: Recipe): SampleOptions {
  const { label: _label, seed: _seed, interpolate: _interpolate, image: _image, mask: _mask, ...sampling } = recipe;
  return sampling;
}

/** Decoded values as finished pictures: RGBA bytes of each, with what an edit keeps of its image. `images` stays. */
export async function finishedPixels(
  model: DiffusionModel,
  recipes: readonly Recipe[],
  images: ImageTensor,
): Promise<Uint8Array[]> {
  const generated = await imagesToPixels(model, images);
  return generated.map((pixels, i) => finishEdit(recipes[i]!, pixels, recipes[i]));
}
