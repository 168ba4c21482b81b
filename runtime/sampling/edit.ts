import { atop, blend } from '../core/composite.ts';
import type { Recipe } from '../recipe/recipe.ts';

/** How many denoising steps, always the last ones, a strength from 0 to 1 takes (SDEdit, Meng et al. 2022, arXiv:2108.01073). */
export function numStepsAt(strength: number, numInferenceSteps: number): number {
  return Math.round(strength * numInferenceSteps);
}

/**
 * The finished picture of a recipe: what was generated, with what stays of its image. Where the mask is 0, every byte of
 * the image stays.
 *
 * @param generated RGBA bytes
 * @returns         RGBA bytes; `generated` itself when the recipe has no image, or nothing of it stays
 */
export function finishEdit<Pixels extends Uint8Array>(
  { image, mask, keepAlpha }: Pick<Recipe, 'image' | 'mask' | 'keepAlpha'>,
  generated: Pixels,
): Pixels | Uint8Array<ArrayBuffer> {
  if (!image) return generated;
  const painted = keepAlpha ? atop(generated, image) : generated;
  return mask ? blend(image, painted, mask) : painted;
}
