// The pipelines of generative models that make a model's pictures.

/**
 * - `ddpm`: the diffusion model, in steps.
 * - `vae`: the VAE of the model folder, in one pass of its decoder: blurred, and at once.
 * - `cvae+ddpm`: the VAE's picture first; the diffusion model begins from it, noised to `strength`, and takes that share of
 *   its steps.
 */
export type PipelineName = 'ddpm' | 'cvae' | 'cvae+ddpm';

export const PIPELINE_NAMES: readonly PipelineName[] = ['ddpm', 'cvae', 'cvae+ddpm'];

/** How far from the VAE's picture `cvae+ddpm` begins, unless told: 0 (it) … 1 (a plain sample). */
export const REFINE_STRENGTH = 0.6;

/** @throws RangeError for another pipeline */
export function assertPipeline(pipeline: unknown): asserts pipeline is PipelineName {
  if (PIPELINE_NAMES.includes(pipeline as PipelineName)) return;
  throw new RangeError(
    `generate: pipeline is ${JSON.stringify(pipeline)}; expected one of ${PIPELINE_NAMES.join(', ')}`,
  );
}
