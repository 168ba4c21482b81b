// What a picture is to be the same as, and for how much of its making.
import { ANY_WORD, type Attributes } from '../core/attributes.ts';
import type { RecipeOptions } from './recipe.ts';

/** The entries of `sameAs` by which the other picture differs: what a recipe asks for itself, or leaves as open, is without effect. */
export function differenceOf({
  attributes = {},
  sameAs = {},
}: Pick<RecipeOptions, 'attributes' | 'sameAs'>): Attributes {
  const askedOf = (name: string) => (Object.hasOwn(attributes, name) ? (attributes[name] ?? ANY_WORD) : ANY_WORD);
  return Object.fromEntries(
    Object.entries(sameAs).filter(([name, value]) => value !== undefined && askedOf(name) !== value),
  );
}

/** Products of shares and whole numbers may lie this far below a whole number. */
const ROUNDING = 1e-9;

/** For how many steps, from the first one on, a picture is made as the one that it is to be the same as. */
export function numStepsAlike({
  sameFor = 0,
  numInferenceSteps = 0,
}: Pick<RecipeOptions, 'sameFor' | 'numInferenceSteps'>): number {
  return Math.floor(sameFor * numInferenceSteps + ROUNDING);
}
