// The families of generative models that make a model's pictures.

/**
 * - `ddpm`: the diffusion model, in steps.
 * - `vae`: the VAE of the model folder, in one pass of its decoder: blurred, and at once.
 * - `vae+ddpm`: the VAE's picture first; the diffusion model begins from it, noised to `strength`, and takes that share of
 *   its steps.
 */
export type Family = 'ddpm' | 'vae' | 'vae+ddpm';

export const FAMILIES: readonly Family[] = ['ddpm', 'vae', 'vae+ddpm'];

/** How far from the VAE's picture `vae+ddpm` begins, unless told: 0 (it) … 1 (a plain sample). */
export const REFINE_STRENGTH = 0.6;

/** @throws RangeError for another family */
export function assertFamily(family: unknown): asserts family is Family {
  if (FAMILIES.includes(family as Family)) return;
  throw new RangeError(`generate: family is ${JSON.stringify(family)}; expected one of ${FAMILIES.join(', ')}`);
}
