import { assertEdit, assertPipeline, type PipelineName, REFINE_STRENGTH } from '../runtime/index.ts';
import type { PictureEditOptions } from './pictureEdit.ts';
import type { RecipeOptions } from './recipe.ts';

export interface PipelineOptions {
  /**
   * What makes the picture: `ddpm` (default) in steps; `vae` at once, blurred: for crowds and placeholders; `cvae+ddpm`
   * shows the VAE's picture and sharpens it, from `strength` (default 0.6) on, in that share of the steps. Guidance,
   * sampler and steps are without effect on `vae`.
   */
  pipeline?: PipelineName;
}

/** The pipeline of a recipe; absent: ddpm. */
export interface PicturePipeline {
  readonly pipeline?: Exclude<PipelineName, 'ddpm'>;
  readonly strength?: number;
}

/**
 * The pipeline, with the strength of cvae+ddpm.
 *
 * @throws RangeError for another pipeline, a picture to begin from beside it, or a strength out of range
 */
export function completePipeline(options: PipelineOptions & PictureEditOptions): PicturePipeline {
  const { pipeline = 'ddpm', strength = REFINE_STRENGTH, image } = options;
  assertPipeline(pipeline);
  if (pipeline === 'ddpm') return {};
  if (image !== undefined) {
    throw new RangeError(
      `generate: the pipeline ${pipeline} begins with a picture of its own; leave out image, or pipeline`,
    );
  }
  if (pipeline === 'cvae') return { pipeline };
  assertEdit({ strength }, true);
  return { pipeline, strength };
}

/** A strength that is left of another pipeline does not matter to a picture that begins from nothing. */
export function withoutStrength(options: PipelineOptions & PictureEditOptions): PictureEditOptions {
  if (options.pipeline === undefined || options.image !== undefined) return options;
  const { strength: _, ...rest } = options;
  return rest;
}

/**
 * A recipe with changes. A new image takes the place of the VAE's picture, and a pipeline that begins with the VAE's the place
 * of the image.
 */
export function changeRecipe(recipe: RecipeOptions | null, changes: Partial<RecipeOptions>): RecipeOptions {
  const { pipeline, strength, image, mask, resamples, keepAlpha, ...kept } = recipe ?? {};
  const isNewImage = changes.image !== undefined && image === undefined;
  const isNewPipeline = (changes.pipeline ?? 'ddpm') !== 'ddpm' && image !== undefined;
  const start = isNewImage || isNewPipeline ? {} : { pipeline, strength, image, mask, resamples, keepAlpha };
  return { ...kept, ...definedOf(start), ...changes } as RecipeOptions;
}

function definedOf<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
