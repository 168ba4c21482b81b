import { shortened } from '../core/errors.ts';
import { listed } from '../core/listed.ts';
import { nearestWord } from '../core/nearestWord.ts';

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
