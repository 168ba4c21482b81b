import type { Dataset } from '../../runtime/index.ts';
import { labelWords } from '../shared/labelWords.ts';

/** More labels of one picture each are counted instead of named. */
const MAX_NAMED = 5;

/** What becomes of a training on so little: sentences for somebody who has trained nothing yet. */
export function datasetWarnings({ labels, classLabels }: Pick<Dataset, 'labels' | 'classLabels'>): string[] {
  if (classLabels.length === 1) {
    return [
      'With one picture the model will learn that picture by heart. Give it twenty or more for it to paint new ones.',
    ];
  }
  return [...warningOfOneLabel(labels), ...warningOfSinglePictures(labels, classLabels)];
}

function warningOfOneLabel(labels: readonly string[]): string[] {
  if (labels.length > 1) return [];
  const sentence = `With one label there is nothing to choose between: every picture will be of “${labelWords(labels[0]!)}”`;
  return [`${sentence}, and guidance changes little. Add a folder for each other thing that it shall know.`];
}

function warningOfSinglePictures(labels: readonly string[], classLabels: Int32Array): string[] {
  const counts = labels.map(() => 0);
  for (const label of classLabels) counts[label]!++;
  const single = labels.filter((_, label) => counts[label] === 1).map((label) => `“${labelWords(label)}”`);
  if (single.length === 0) return [];
  const which = single.length > MAX_NAMED ? `${single.length} labels` : single.join(', ');
  return [`Of ${which} there is one picture only, which the model will learn by heart.`];
}
