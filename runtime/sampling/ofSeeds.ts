import { slerp } from '../diffusion/slerp.ts';
import type { Recipe } from '../recipe/recipe.ts';

/**
 * What is drawn from the seed of each recipe, or between its two seeds, one recipe behind the other.
 *
 * @param draw so many normal values of a seed, each time as many
 * @returns    float32 (recipes · size)
 */
export function ofSeeds(
  recipes: readonly Pick<Recipe, 'seed' | 'interpolate'>[],
  size: number,
  draw: (seed: number) => Float32Array,
): Float32Array {
  const values = new Float32Array(recipes.length * size);
  for (const [i, { seed, interpolate }] of recipes.entries()) {
    const drawn = interpolate ? slerp(draw(seed), draw(interpolate.seed), interpolate.amount) : draw(seed);
    values.set(drawn, i * size);
  }
  return values;
}
