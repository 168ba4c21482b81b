import type {
  Classifiers,
  DiffusionModel,
  GeneratedPicture,
  ImageTensor,
  Networks,
  Recipe,
} from '../../runtime/index.ts';
import {
  decodeLatentsInSlices,
  finishedPicture,
  imagesInSlices,
  imagesToPictures,
  type Pace,
  type PacedRun,
  resultOf,
  stepsAndResult,
} from '../../runtime/index.ts';

/** The networks of one painter: the model, its conditional VAE where it is loaded, and the classifiers that recipes name. */
export interface PainterNetworks extends Networks {
  model: DiffusionModel;
  classifiers: Classifiers;
}

export interface PaintBatchOptions {
  signal?: AbortSignal;
  previewEvery?: number;
  /**
   * Called after each step (0: the conditional VAE's pictures are there), and waited for; it owns `previews`
   * (B, H, W, channels).
   */
  onStep?: (step: number, numSteps: number, previews: ImageTensor | null) => void | Promise<void>;
}

/**
 * Paints recipes of one batch at the pace of whoever else uses the thread.
 *
 * @returns decoded values (B, H, W, channels); the caller disposes them
 * @throws  the signal's reason, between slices and before the decode
 */
export async function paintBatch(
  networks: PainterNetworks,
  recipes: readonly Recipe[],
  { signal, previewEvery = 0, onStep }: PaintBatchOptions,
  pace: Pace,
  runSlice?: PacedRun['runSlice'],
): Promise<ImageTensor> {
  const run: PacedRun = { pace, signal, runSlice };
  return stepsAndResult(
    imagesInSlices(networks, recipes, { signal }),
    run,
    async ({ step, numSteps, latents, preview }) => {
      await pace.step?.();
      const wantsPreview = latents !== null && step < numSteps && previewEvery > 0 && step % previewEvery === 0;
      const decoded = wantsPreview ? await resultOf(decodeLatentsInSlices(networks.model, latents), run) : null;
      if (onStep) await onStep(step, numSteps, decoded ?? preview?.clone() ?? null);
      else decoded?.dispose();
    },
  );
}

/** Decoded values as finished pictures, see `finishedPicture`. `images` stays. */
export async function finishedPictures(
  model: DiffusionModel,
  recipes: readonly Recipe[],
  images: ImageTensor,
): Promise<GeneratedPicture[]> {
  const generated = await imagesToPictures(model, images, Boolean(recipes[0]!.image));
  return generated.map((picture, i) => finishedPicture(model, recipes[i]!, picture));
}
