import type { Latents, ModelInfo, RecipeOptions } from '../../../plugin/index.ts';
import { recipeOf, type Settings } from '../settings.ts';

/** How far along each picture of a walk is; the ends are the two portraits. */
export const AMOUNTS: readonly number[] = [0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1];

/** The portrait at the walk's other end: the present settings with another label and seed. */
export function endRecipe(settings: Settings, info: ModelInfo): RecipeOptions {
  return { ...recipeOf(settings, info), label: settings.walkLabel, seed: settings.walkSeed };
}

/** The diffusion's own walk: its noise goes from one seed to the other, and half way the label changes. */
export function noiseRecipe(settings: Settings, info: ModelInfo, amount: number): RecipeOptions {
  const [from, to] = [recipeOf(settings, info), endRecipe(settings, info)];
  if (amount === 0 || amount === 1) return amount === 0 ? from : to;
  const { label } = amount < 0.5 ? from : to;
  return { ...from, label, interpolate: { seed: settings.walkSeed, amount } };
}

/** Latents on the straight line between two. */
export function between(from: Latents, to: Latents, amount: number): Latents {
  return { ...from, values: from.values.map((value, i) => value + amount * (to.values[i]! - value)) };
}

export function captionOf(amount: number): string {
  return `${Math.round(100 * amount)} %`;
}
