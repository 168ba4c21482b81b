import {
  type ConditionalVae,
  cvaeImagesInSlices,
  type DiffusionModel,
  decodeLatentsInSlices,
  finishEdit,
  type ImageTensor,
  imagesToPixels,
  type NoisyClassifier,
  nextValue,
  type Pace,
  type PacedRun,
  type RefineStep,
  refineInSlices,
  resultOf,
  type SampleOptions,
  sampleInSlices,
} from '../../runtime/index.ts';
import type { Recipe } from '../recipe.ts';

/** Classifiers by the names that recipes give them. */
export type Classifiers = ReadonlyMap<string, NoisyClassifier>;

/** What pictures are made with. */
export interface Networks {
  model: DiffusionModel;
  /** Its VAE, for the other pipelines than ddpm. */
  cvae: ConditionalVae | null;
  /** What recipes steer by. */
  classifiers: Classifiers;
}

export interface BatchOptions {
  signal?: AbortSignal;
  previewEvery?: number;
  /** Told after each step (0: the VAE's pictures are there), and waited for; owns `previews` (B, H, W, channels). */
  onStep?: (step: number, numSteps: number, previews: ImageTensor | null) => void | Promise<void>;
}

/**
 * Makes pictures of recipes that differ in label, seed, interpolation, image and mask alone.
 *
 * @returns decoded values (B, H, W, channels); the caller disposes them
 * @throws  the signal's reason, between slices and before the decode
 */
export async function paintBatch(
  networks: Networks,
  recipes: readonly Recipe[],
  { signal, previewEvery = 0, onStep }: BatchOptions,
  pace: Pace,
  runSlice?: PacedRun['runSlice'],
): Promise<ImageTensor> {
  const { model, cvae } = networks;
  const run: PacedRun = { pace, signal, runSlice };
  if (recipes[0]!.pipeline === 'cvae') {
    const images = await resultOf(cvaeImagesInSlices(loaded(cvae), model.index.labels, recipes), run);
    await onStep?.(1, 1, null);
    return images;
  }
  const steps = stepsOf(networks, recipes, signal);
  try {
    for (let result = await nextValue(steps, run); result; result = await nextValue(steps, run)) {
      const { step, numSteps } = result;
      await pace.step?.();
      if ('preview' in result) {
        await (onStep ? onStep(step, numSteps, result.preview) : result.preview.dispose());
        continue;
      }
      const isLast = step === numSteps;
      const isPreview = !isLast && previewEvery > 0 && step % previewEvery === 0;
      await onStep?.(step, numSteps, isPreview ? await decode(model, result.x0Pred, run) : null);
      if (isLast) return await decode(model, result.x0Pred, run);
    }
  } finally {
    steps.return(undefined);
  }
  throw new Error('generate: the sampler made no step; ask for at least 1');
}

function stepsOf(
  { model, cvae, classifiers }: Networks,
  recipes: readonly Recipe[],
  signal: AbortSignal | undefined,
): Generator<RefineStep | null> {
  const options = { ...samplingOf(recipes[0]!, classifiers), signal };
  return recipes[0]!.pipeline
    ? refineInSlices(model, loaded(cvae), recipes, options)
    : sampleInSlices(model, recipes, options);
}

function loaded(cvae: ConditionalVae | null): ConditionalVae {
  if (cvae) return cvae;
  throw new Error('generate: the VAE of this model was not loaded; ask for pictures through an AssetGenerator');
}

function decode(model: DiffusionModel, latents: ImageTensor, run: PacedRun): Promise<ImageTensor> {
  return resultOf(decodeLatentsInSlices(model, latents), run);
}

/** What all recipes of a batch have alike. */
export function samplingOf(recipe: Recipe, classifiers: Classifiers): SampleOptions {
  const { label: _label, seed: _seed, interpolate: _interpolate, image: _image, mask: _mask, ...alike } = recipe;
  const { pipeline: _pipeline, classifier: name, ...sampling } = alike;
  if (name === undefined) return sampling;
  const classifier = classifiers.get(name);
  if (classifier) return { ...sampling, classifier };
  throw new RangeError(`generate: classifier "${name}" is not loaded; call loadClassifierAsync first`);
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
