// What a diffusion model is trained with otherwise where its pictures have several frames.
import { type Dataset, DIFFUSION_DEFAULTS, numFramesOf, type PredictionType } from '../../runtime/index.ts';
import { UsageError } from '../node/usageError.ts';

/** @throws UsageError for what would mix up frames: a mirrored walk to the left is lit from the other side */
export function checkFrames(
  operation: string,
  { name, frames }: Dataset,
  { flip, circular }: { flip?: boolean; circular?: boolean },
): void {
  if (!frames || !(flip || circular)) return;
  throw new UsageError(
    `${operation}: the images of "${name}" have frames, which go without --${flip ? 'flip' : 'circular'}; leave it out`,
  );
}

/**
 * The standard deviation of latents. Frames tell much of the same, so that noise hides less of it: at 1 the first of 20 steps
 * would settle what half of a picture shows.
 *
 * Source: Chen 2023, arXiv:2301.10972, section 3.
 */
export function usualLatentScale(dataset: Pick<Dataset, 'frames'>): number {
  return 1 / Math.sqrt(numFramesOf(dataset));
}

/** Models with frames predict the picture itself: noise differs in each frame, and is more than the network has room for. */
export function usualPrediction({ frames }: Pick<Dataset, 'frames'>): PredictionType {
  return frames ? 'sample' : DIFFUSION_DEFAULTS.predictionType;
}
