/**
 * What makes a picture:
 *
 * - `ddpm`: the diffusion model, in steps.
 * - `cvae`: the conditional VAE of the model folder, in one pass of its decoder: blurred, and at once.
 * - `cvae+ddpm`: the conditional VAE's picture first; the diffusion model begins from it, noised to `strength`, and takes
 *   that share of its steps.
 */
export type PipelineName = 'ddpm' | 'cvae' | 'cvae+ddpm';

export const PIPELINE_NAMES: readonly PipelineName[] = ['ddpm', 'cvae', 'cvae+ddpm'];
