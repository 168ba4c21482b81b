import { shortened } from '../core/errors.ts';
import { listed } from '../core/listed.ts';
import { nearestWord } from '../core/nearestWord.ts';
import type { Recipe } from './recipe.ts';

/** What is wrong with a label, naming the nearest one and the known ones; undefined when it is one of them. */
export function labelProblem(labels: readonly string[], label: string | undefined): string | undefined {
  if (label === undefined) return 'label is missing';
  if (labels.includes(label)) return undefined;
  const asked = `label "${shortened(label, 60)}" is unknown`;
  if (labels.length === 0) return `${asked}; this model has no labels`;
  const nearest = nearestWord(labels, label);
  return `${asked}; did you mean "${nearest}"? known labels: ${listed(labels)}`;
}

/**
 * The class index of a label.
 *
 * @throws RangeError naming the nearest label and the known ones
 */
export function indexOfLabel(labels: readonly string[], label: string): number {
  const problem = labelProblem(labels, label);
  if (problem) throw new RangeError(`generate: ${problem}`);
  return labels.indexOf(label);
}

/** The place of a recipe's label and its share of the picture; of two that it blends, those of both. @throws as `indexOfLabel` */
export function labelShares(
  labels: readonly string[],
  { label, blend }: Pick<Recipe, 'label' | 'blend'>,
): (readonly [place: number, share: number])[] {
  const own = indexOfLabel(labels, label);
  if (!blend) return [[own, 1]];
  return [
    [own, 1 - blend.amount],
    [indexOfLabel(labels, blend.label), blend.amount],
  ];
}
