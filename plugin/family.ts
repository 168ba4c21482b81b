import { assertEdit, assertFamily, type Family, REFINE_STRENGTH } from '../runtime/index.ts';
import type { PictureEditOptions } from './pictureEdit.ts';
import type { RecipeOptions } from './recipe.ts';

export interface FamilyOptions {
  /**
   * What makes the picture: `ddpm` (default) in steps; `vae` at once, blurred: for crowds and placeholders; `vae+ddpm`
   * shows the VAE's picture and sharpens it, from `strength` (default 0.6) on, in that share of the steps. Guidance,
   * sampler and steps are without effect on `vae`.
   */
  family?: Family;
}

/** The family of a recipe; absent: ddpm. */
export interface PictureFamily {
  readonly family?: Exclude<Family, 'ddpm'>;
  readonly strength?: number;
}

/**
 * The family, with the strength of vae+ddpm.
 *
 * @throws RangeError for another family, a picture to begin from beside it, or a strength out of range
 */
export function completeFamily(options: FamilyOptions & PictureEditOptions): PictureFamily {
  const { family = 'ddpm', strength = REFINE_STRENGTH, image } = options;
  assertFamily(family);
  if (family === 'ddpm') return {};
  if (image !== undefined) {
    throw new RangeError(`generate: the family ${family} begins with a picture of its own; leave out image, or family`);
  }
  if (family === 'vae') return { family };
  assertEdit({ strength }, true);
  return { family, strength };
}

/** A strength that is left of another family does not matter to a picture that begins from nothing. */
export function withoutStrength(options: FamilyOptions & PictureEditOptions): PictureEditOptions {
  if (options.family === undefined || options.image !== undefined) return options;
  const { strength: _, ...rest } = options;
  return rest;
}

/**
 * A recipe with changes. A new image takes the place of the VAE's picture, and a family that begins with the VAE's the place
 * of the image.
 */
export function changeRecipe(recipe: RecipeOptions | null, changes: Partial<RecipeOptions>): RecipeOptions {
  const { family, strength, image, mask, resamples, keepAlpha, ...kept } = recipe ?? {};
  const isNewImage = changes.image !== undefined && image === undefined;
  const isNewFamily = (changes.family ?? 'ddpm') !== 'ddpm' && image !== undefined;
  const start = isNewImage || isNewFamily ? {} : { family, strength, image, mask, resamples, keepAlpha };
  return { ...kept, ...definedOf(start), ...changes } as RecipeOptions;
}

function definedOf<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
