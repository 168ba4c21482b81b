import { nearestWord } from '../core/nearestWord.ts';

/**
 * The class index of a label.
 *
 * @throws RangeError naming the nearest label and all known ones
 */
export function indexOfLabel(labels: readonly string[], label: string): number {
  const index = labels.indexOf(label);
  if (index >= 0) return index;
  if (labels.length === 0) throw new RangeError(`generate: label "${label}" is unknown; this model has no labels`);
  throw new RangeError(
    `generate: label "${label}" is unknown; did you mean "${nearestWord(labels, label)}"? known labels: ${labels.join(', ')}`,
  );
}
