// The numbers that hold where neither a recipe nor its model gives one.
import type { RecipeOptions } from './recipe.ts';

/** How strongly a classifier steers, unless told otherwise. */
export const CLASSIFIER_SCALE_DEFAULT = 10;

/** How far from the conditional VAE's picture `cvae+ddpm` begins, unless told otherwise. */
export const REFINE_STRENGTH = 0.6;

/** For which share of the steps a picture is made as that which it is to be the same as, unless told otherwise. */
export const SAME_FOR = 0.2;

/** How an image is edited, unless told otherwise: a student goes so far in three of its four steps. */
export const EDIT_DEFAULTS = {
  varied: { strength: 0.75, keepAlpha: true },
  masked: { strength: 1, keepAlpha: false, resamples: 4 },
} as const;

/** How far a picture goes from what it begins with, unless told otherwise; 1 where that is noise alone. */
export function usualStrength({ pipeline, image, mask }: Pick<RecipeOptions, 'pipeline' | 'image' | 'mask'>): number {
  if (pipeline === 'cvae+ddpm') return REFINE_STRENGTH;
  if (image === undefined) return 1;
  return EDIT_DEFAULTS[mask === undefined ? 'varied' : 'masked'].strength;
}
