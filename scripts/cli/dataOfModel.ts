import { albedoOf, type Dataset, type ModelFiles, numFramesOf, vocabularyOf } from '../../runtime/index.ts';
import { chooseFrom } from '../node/readDataset.ts';
import { UsageError } from '../node/usageError.ts';

/**
 * The data as the model was trained on them: only its labels, images shrunk to its size where a whole factor does that, and
 * without maps where it makes none.
 */
export function fitToModel({ index: { labels, figment } }: Pick<ModelFiles, 'index'>, dataset: Dataset): Dataset {
  const isKnown = labels.every((label) => dataset.labels.includes(label));
  const factor = (numFramesOf(dataset) * dataset.widthPx) / figment.widthPx;
  const isWhole = Number.isInteger(factor) && dataset.heightPx === factor * figment.heightPx;
  const chosen = chooseFrom(dataset, { labels: isKnown ? labels : undefined, shrink: isWhole ? factor : 1 });
  return figment.channels === 3 ? albedoOf(chosen) : chosen;
}

/** The data with the attributes alone that the model can be asked for. */
export function withAttributesOf({ index }: Pick<ModelFiles, 'index'>, dataset: Dataset): Dataset {
  const known = Object.keys(index.figment.attributes ?? {});
  return { ...dataset, attributes: dataset.attributes?.filter(({ name }) => known.includes(name)) ?? [] };
}

/** @throws UsageError when model and data set do not have the same labels and image size */
export function checkOfModel(operation: string, { index }: Pick<ModelFiles, 'index'>, dataset: Dataset): void {
  const missing = index.labels.filter((label) => !dataset.labels.includes(label));
  const unknown = dataset.labels.filter((label) => !index.labels.includes(label));
  const remedy = 'name the data set that the model was trained on';
  if (missing.length > 0 || unknown.length > 0) {
    const which = missing.length > 0 ? `the data lack ${missing.join(', ')}` : `the model lacks ${unknown.join(', ')}`;
    throw new UsageError(`${operation}: model and data have different labels: ${which}; ${remedy}`);
  }
  const sizeOf = ({ widthPx, heightPx, channels }: Pick<Dataset, 'widthPx' | 'heightPx' | 'channels'>) =>
    `${widthPx}x${heightPx} px with ${channels} channels`;
  const ofData = sizeOf({ ...dataset, widthPx: numFramesOf(dataset) * dataset.widthPx });
  if (sizeOf(index.figment) === ofData) return;
  throw new UsageError(`${operation}: the model makes ${sizeOf(index.figment)}, the data are ${ofData}; ${remedy}`);
}

/** @throws UsageError when the attributes of a model, and their values, are not in this order those of the data */
export function checkVocabulary(
  operation: string,
  { index }: Pick<ModelFiles, 'index'>,
  { attributes }: Dataset,
): void {
  const [known, found] = [index.figment.attributes ?? {}, vocabularyOf(attributes)].map((all) => JSON.stringify(all));
  if (known === found) return;
  throw new UsageError(
    `${operation}: the model knows other attributes, or other values of them, than the data; name the data set that it was trained on`,
  );
}
