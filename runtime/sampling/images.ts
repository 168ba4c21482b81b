import { clipByValue, greater, minimum, slice, type Tensor4D, tidy, where } from '@tensorflow/tfjs-core';
import { MIN_ALPHA } from '../core/pixels.ts';
import { abortable } from '../core/slices.ts';
import { NO_SHIFT, type Shift } from '../networks/roll.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { decodeLatentsInSlices } from './autoencoder.ts';
import type { Networks } from './completeAll.ts';
import { type ConditionalVae, cvaeImagesInSlices } from './conditionalVae.ts';
import { type ConfinedBatch, confined, confinedBatch } from './confinedBatch.ts';
import { correctedInSlices } from './correction.ts';
import { numStepsAt } from './edit.ts';
import { grainedInSlices } from './grain.ts';
import type { DiffusionModel } from './model.ts';
import { diffusionModelFor, loaded } from './networkFor.ts';
import { sampleRecipesInSlices } from './sample.ts';
import { firstRecipe, type SampleRun, type SampleStep } from './samplingPlan.ts';

/** How pictures are made, beside what their recipes say. No one sees the steps' guidance, so none is measured. */
export type ImageRun = Omit<SampleRun, 'measureGuidance'>;

/** How far the pictures of a batch are. Its tensors are valid until the next slice; copy what is needed longer. */
export interface ImageStep {
  /** Steps done, from 1; 0 when the conditional VAE's pictures are there, which the steps then begin from. */
  step: number;
  numSteps: number;
  /** The clean latents as the network sees them now, (B, h, w, c); null where the pipeline has none. */
  latents: Tensor4D | null;
  /** The conditional VAE's pictures, (B, H, W, channels), at step 0; else null. */
  preview: Tensor4D | null;
}

/**
 * The one way from recipes to pictures, by whichever pipeline they name, in slices of about one convolution each: null
 * after a slice that finishes nothing, else the step. Call `next()` outside of tf.tidy; `return()` gives the rest up.
 *
 * @param recipes of one batch
 * @returns       through the generator, decoded values (B, H, W, channels); the caller disposes them
 * @throws        RangeError as `sampleRecipesInSlices`, or when a network is missing; the signal's reason when aborted
 */
export function* imagesInSlices(
  networks: Networks,
  recipes: readonly Recipe[],
  run: ImageRun = {},
): Generator<ImageStep | null, Tensor4D> {
  const { cvae, classifiers } = networks;
  const first = firstRecipe(recipes);
  const { pipeline } = first;
  const options = { classifiers, isRecorded: true, ...run, measureGuidance: false };
  if (pipeline === 'cvae') return yield* cvaeImages(loaded(cvae), recipes, run);
  const network = diffusionModelFor(first, networks);
  const batch = confinedBatch(network.index, recipes);
  if (pipeline !== 'cvae+ddpm')
    return yield* decodedSteps(network, batch, sampleRecipesInSlices(network, batch.recipes, options), run);
  const start = yield* beginning(network, loaded(cvae), recipes, run);
  try {
    return yield* decodedSteps(network, batch, sampleRecipesInSlices(network, recipes, { ...options, start }), run);
  } finally {
    start.dispose();
  }
}

/** What recipes may ask a conditional VAE for. */
function knownTo({ index: { labels, figment } }: ConditionalVae) {
  return { labels, ...figment };
}

/** The pictures of the pipeline cvae: one pass is its only step. */
function* cvaeImages(
  cvae: ConditionalVae,
  recipes: readonly Recipe[],
  { signal }: ImageRun,
): Generator<ImageStep | null, Tensor4D> {
  const images = yield* abortable(cvaeImagesInSlices(cvae, knownTo(cvae), recipes), signal);
  let isTaken = false;
  try {
    yield { step: 1, numSteps: 1, latents: null, preview: null };
    isTaken = true;
    return images;
  } finally {
    if (!isTaken) images.dispose();
  }
}

/**
 * The conditional VAE's pictures, shown as step 0, and then as values that the auto-encoder knows: what the diffusion
 * model begins from (SDEdit, Meng et al. 2022, arXiv:2108.01073, algorithm 1, on latents).
 */
function* beginning(
  model: DiffusionModel,
  cvae: ConditionalVae,
  recipes: readonly Recipe[],
  { signal }: ImageRun,
): Generator<ImageStep | null, Tensor4D> {
  const { strength, numInferenceSteps } = recipes[0]!;
  const preview = yield* abortable(cvaeImagesInSlices(cvae, knownTo(cvae), recipes), signal);
  try {
    const numSteps = Math.max(1, numStepsAt(strength!, numInferenceSteps!));
    yield { step: 0, numSteps, latents: null, preview };
    return asPicture(model, preview);
  } finally {
    preview.dispose();
  }
}

/** The steps of the diffusion model, and what the last one decodes to. */
function* decodedSteps(
  model: DiffusionModel,
  batch: ConfinedBatch,
  steps: Generator<SampleStep | null>,
  { signal, noiseShift = NO_SHIFT }: ImageRun,
): Generator<ImageStep | null, Tensor4D> {
  try {
    for (const result of steps) {
      if (result === null) {
        yield null;
        continue;
      }
      const { step, numSteps, x0Pred } = result;
      const own = confined(batch, x0Pred);
      try {
        yield { step, numSteps, latents: own ?? x0Pred, preview: null };
      } finally {
        own?.dispose();
      }
      if (step === numSteps) return yield* abortable(decodedInSlices(model, batch, x0Pred, noiseShift), signal);
    }
  } finally {
    steps.return(undefined);
  }
  throw new Error('generate: the sampler made no step; ask for at least 1');
}

/** Latents as pictures, corrected before, with changes that stay in their regions, and with grain. */
function* decodedInSlices(
  model: DiffusionModel,
  batch: ConfinedBatch,
  latents: Tensor4D,
  noiseShift: Shift,
): Generator<void, Tensor4D> {
  const corrected = yield* correctedInSlices(model, batch.recipes, latents);
  let own: Tensor4D | null = null;
  try {
    own = confined(batch, corrected ?? latents);
    const images = yield* decodeLatentsInSlices(model, own ?? corrected ?? latents);
    const pixelsPerLatent = images.shape[1] / latents.shape[1];
    const [down, right] = noiseShift;
    return yield* withGrain(model, batch.recipes, images, [pixelsPerLatent * down, pixelsPerLatent * right]);
  } finally {
    corrected?.dispose();
    own?.dispose();
  }
}

/** Owns `images` from here on. */
function* withGrain(
  model: DiffusionModel,
  recipes: readonly Recipe[],
  images: Tensor4D,
  shift: Shift,
): Generator<void, Tensor4D> {
  let isWhole = false;
  try {
    const grained = yield* grainedInSlices(model, recipes, images, shift);
    isWhole = grained === null;
    return grained ?? images;
  } finally {
    if (!isWhole) images.dispose();
  }
}

/** Values that a picture's bytes could have, as `toPixels` clamps them: what the auto-encoder knows. */
function asPicture({ index }: DiffusionModel, values: Tensor4D): Tensor4D {
  const { channels, premultipliedAlpha } = index.figment;
  return tidy(() => {
    const clipped: Tensor4D = clipByValue(values, -1, 1);
    if (channels !== 4 || !premultipliedAlpha) return clipped;
    const alpha = slice(clipped, [0, 0, 0, 3], [-1, -1, -1, 1]);
    const isSeen = greater(alpha, (2 * (MIN_ALPHA - 0.5)) / 255 - 1);
    return where(isSeen, minimum(clipped, alpha), -1) as Tensor4D;
  });
}
