// Data besides a model's own: what it learns from, too (`--extra-data`), and what it is measured by (`--test-data`).
import { append, combinationsOf, type Dataset, type DatasetSplit, selectColumns } from '../../runtime/index.ts';
import { rangeAsUsageError } from './usageError.ts';

interface SplitDataset {
  dataset: Dataset;
  split: DatasetSplit;
}

/**
 * All data sets in one, with those of `extra` on the training side but for combinations that are held out.
 *
 * @param holdOutBy the attributes that `split` holds out by
 * @throws          UsageError when their images or labels don't go together
 */
export function withExtraData(
  { dataset, split }: SplitDataset,
  extra: readonly Dataset[],
  holdOutBy: readonly string[] = [],
): SplitDataset {
  const whole = extra.reduce((before, more) => appendTo(before, more, '--extra-data'), dataset);
  const hidden = imagesLikeHeldOut(whole, split, holdOutBy);
  const added = Array.from(whole.classLabels.keys()).slice(dataset.classLabels.length);
  const train = [...split.train, ...added.filter((image) => !hidden.has(image))];
  return { dataset: whole, split: { ...split, train: Int32Array.from(train) } };
}

/**
 * Both data sets in one, with all of `test` held out, and nothing else.
 *
 * @throws UsageError when their images or labels don't go together
 */
export function withTestData({ dataset, split }: SplitDataset, test: Dataset): SplitDataset {
  const both = appendTo(dataset, test, '--test-data');
  const heldOut = Int32Array.from(both.classLabels.keys()).subarray(dataset.classLabels.length);
  return { dataset: both, split: { ...split, heldOut } };
}

/** All images of the combinations that are held out, wherever they come from. */
function imagesLikeHeldOut(dataset: Dataset, { heldOut }: DatasetSplit, by: readonly string[]): Set<number> {
  if (by.length === 0) return new Set();
  const isHeldOut = new Set(heldOut);
  const columns = selectColumns(dataset.attributes ?? [], by);
  const combinations = combinationsOf(columns, dataset.classLabels.length);
  return new Set(combinations.filter((images) => images.some((image) => isHeldOut.has(image))).flat());
}

function appendTo(dataset: Dataset, other: Dataset, option: string): Dataset {
  return rangeAsUsageError(() => append(dataset, other), option);
}
