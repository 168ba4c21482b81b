import { dispose, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { abortable } from '../core/slices.ts';
import { renoise } from '../diffusion/forward.ts';
import { CLEAN } from '../diffusion/noiseLevel.ts';
import type { PictureOptions, Recipe } from '../recipe/recipe.ts';
import { encodeImagesInSlices, encodePixelsInSlices } from './autoencoder.ts';
import { completeAll, type SampleOptions } from './completeAll.ts';
import { denoiseInSlices } from './denoise.ts';
import { startNoiseInSlices } from './latentNoise.ts';
import type { DiffusionModel } from './model.ts';
import { diffusionModelFor } from './networkFor.ts';
import { recordedStepsInSlices } from './recordedSteps.ts';
import { type Repainting, repaintInSlices, repaintingOf } from './repaint.ts';
import { firstRecipe, planSampling, type SampleRun, type SampleStep, type SamplingPlan } from './samplingPlan.ts';

/**
 * Makes latents by the reverse process, step by step. After the last step `x0Pred` is the result; the caller copies what
 * it wants to keep beyond a step.
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, algorithm 2, with the sampler that the options or the model's defaults name.
 * @param model a student makes what it has learned; give its teacher for all else
 * @throws      RangeError for no requests, an unknown label, a size the model does not make, a number out of range, an image or mask that
 *              does not fit, or what a student has not learned; the signal's reason when aborted
 */
export async function* sample(
  model: DiffusionModel,
  requests: readonly PictureOptions[],
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
  requests: readonly PictureOptions[],
  options: SampleOptions = {},
): Generator<SampleStep | null> {
  const { recipes, run } = completeAll({ model }, requests, options);
  yield* sampleRecipesInSlices(diffusionModelFor(firstRecipe(recipes), { model }), recipes, run);
}

/**
 * `sampleInSlices` for complete recipes of one batch, whatever their pipeline.
 *
 * @throws RangeError as `planSampling`, at the first slice
 */
export function* sampleRecipesInSlices(
  model: DiffusionModel,
  recipes: readonly Recipe[],
  run: SampleRun = {},
): Generator<SampleStep | null> {
  const plan = yield* abortable(planSampling(model, recipes, run), run.signal);
  try {
    const original = yield* abortable(originalInSlices(model, plan), run.signal);
    try {
      yield* reverseInSlices(model, plan, original, run.signal);
    } finally {
      original?.dispose();
    }
  } finally {
    plan.sampler.dispose();
    plan.condition.vectors?.dispose();
  }
}

/** The latents of the recipes' images, (B, h, w, c); null when nothing of them is looked at. */
function* originalInSlices(model: DiffusionModel, plan: SamplingPlan): Generator<void, Tensor4D | null> {
  const { recipes, firstStep, widthPx, heightPx } = plan;
  const isNeeded = firstStep > 0 || recipes[0]!.mask !== undefined;
  if (!isNeeded) return null;
  if (plan.start) return yield* encodeImagesInSlices(model, plan.start);
  const images = recipes.map(({ image }) => image!);
  return yield* encodePixelsInSlices(model, images, { widthPx, heightPx });
}

/** The steps from where the plan begins. The original stays the caller's. */
function* reverseInSlices(
  model: DiffusionModel,
  plan: SamplingPlan,
  original: Tensor4D | null,
  signal: AbortSignal | undefined,
): Generator<SampleStep | null> {
  const { sampler, firstStep, recipes } = plan;
  const numSteps = sampler.timesteps.length;
  let xt = yield* abortable(startLatents(model, plan, original), signal);
  let x0Pred: Tensor4D | null = null;
  let repainting: Repainting | null = null;
  try {
    repainting = recipes[0]!.mask ? repaintingOf(plan) : null;
    if (firstStep === numSteps) yield { step: 1, numSteps: 1, x0Pred: xt, guidanceNorm: null };
    const first = yield* recordedStepsInSlices(model, plan, xt, signal);
    for (let index = first; index < numSteps; index++) {
      const slices = repainting
        ? repaintInSlices(model, plan, original!, repainting, xt, index)
        : denoiseInSlices(model, plan, xt, index);
      const next = yield* abortable(slices, signal);
      dispose(x0Pred ? [xt, x0Pred] : [xt]);
      ({ xt, x0Pred } = next);
      const isLast = index === numSteps - 1;
      yield {
        step: index - firstStep + 1,
        numSteps: numSteps - firstStep,
        x0Pred: isLast ? xt : x0Pred,
        guidanceNorm: next.guidanceNorm,
      };
    }
  } finally {
    dispose([xt, ...(x0Pred ? [x0Pred] : []), ...masksOf(repainting)]);
  }
}

function masksOf(repainting: Repainting | null): Tensor4D[] {
  return repainting ? [repainting.isNew, repainting.fitted] : [];
}

/** Pure noise, or the original noised to the level of the first step. */
function* startLatents(
  model: DiffusionModel,
  plan: SamplingPlan,
  original: Tensor4D | null,
): Generator<void, Tensor4D> {
  const { sampler, firstStep } = plan;
  if (firstStep === 0) return yield* startNoiseInSlices(model, plan, sampler.initNoiseSigma);
  const eps = yield* startNoiseInSlices(model, plan, 1);
  const xt = tidy(() => renoise(original!, CLEAN, sampler.level(firstStep), eps));
  eps.dispose();
  return xt;
}
