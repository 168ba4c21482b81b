import type { Recipe, RecipeOptions } from './recipe.ts';

/** Whether a recipe begins with a picture, of which the model's encoder makes latents. */
export function needsEncoder({
  image,
  pipeline,
}: Pick<Partial<RecipeOptions> | Recipe, 'image' | 'pipeline'>): boolean {
  return image !== undefined || pipeline === 'cvae+ddpm';
}
