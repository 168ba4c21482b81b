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
  const others = Array.from({ length: variations - 1 }, (_, i) => i + 1);
  return [first, ...others.map((i) => ({ ...variationOf(first, i, decided), name: `${name} ${i + 1}` }))];
}

/**
 * A recipe with one of the seeds that follow, and all attributes of the first: bricks of one kind, laid differently. What the first was
 * before it was varied, its seed decided; that holds for the others, too, so that their bricks stay where they are.
 *
 * @param decided as in `withVariations`; it tells nothing where the model is not known
 */
export function variationOf<Asked extends RecipeOptions>(
  recipe: Asked,
  count: number,
  decided: (recipe: Asked) => Attributes,
): Asked {
  const { sameAs = {}, sameFor, ...others } = recipe;
  const attributes = decided(recipe);
  const seed = nextSeed(recipe.seed!, count);
  if (Object.keys(attributes).length === 0) return { ...recipe, seed };
  const before = decided({ ...others, attributes: { ...recipe.attributes, ...sameAs } } as Asked);
  const changed = Object.keys(sameAs).filter((name) => before[name] !== attributes[name]);
  const origin = { sameAs: Object.fromEntries(changed.map((name) => [name, before[name]!])), sameFor };
  return { ...(others as Asked), attributes, ...(changed.length > 0 && origin), seed };
}
