// The pictures of a material of several surfaces, which no one sees repeat.
import { type Attributes, nextSeed, type RecipeOptions, randomSeed } from '../../runtime/index.ts';

/**
 * What is asked for, and its variations: one picture for each.
 *
 * @param decided tells what the picture of a recipe is to show
 */
export function withVariations<Asked extends RecipeOptions & { label: string; name?: string }>(
  asked: Asked,
  variations = 1,
  decided: (recipe: Asked) => Attributes,
): Asked[] {
  const { seed = randomSeed(), name = `${asked.label}-${seed}` } = asked;
  const first = { ...asked, name, seed };
  const attributes = decided(first);
  const others = Array.from({ length: variations - 1 }, (_, i) => i + 1);
  return [first, ...others.map((i) => ({ ...variationOf(first, i, attributes), name: `${name} ${i + 1}` }))];
}

/** A recipe with one of the seeds that follow, and all attributes of the first: bricks of one kind, laid differently. */
export function variationOf<Asked extends RecipeOptions>(recipe: Asked, count: number, attributes: Attributes): Asked {
  const hasSome = Object.keys(attributes).length > 0;
  return { ...recipe, ...(hasSome && { attributes }), seed: nextSeed(recipe.seed!, count) };
}
