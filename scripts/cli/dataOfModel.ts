import {
  albedoOf,
  type Dataset,
  type ImageFormat,
  type ModelFiles,
  numFramesOf,
  vocabularyOf,
} from '../../runtime/index.ts';
import { chooseFrom } from '../node/readDataset.ts';
import { UsageError } from '../node/usageError.ts';

type OfModel = Pick<ModelFiles, 'index'>;

/**
 * The data as the model was trained on them: only its labels, images shrunk to its size where a whole factor does that, and
 * without maps where it makes none.
 */
export function fitToModel({ index: { labels, figment } }: OfModel, dataset: Dataset): Dataset {
  const isKnown = labels.every((label) => dataset.labels.includes(label));
  const factor = (numFramesOf(figment) * dataset.widthPx) / figment.widthPx;
  const isWhole = Number.isInteger(factor) && dataset.heightPx === factor * figment.heightPx;
  const chosen = chooseFrom(dataset, { labels: isKnown ? labels : undefined, shrink: isWhole ? factor : 1 });
  return figment.channels === 3 ? albedoOf(chosen) : chosen;
}

/** The data with the attributes alone that the model can be asked for. */
export function withAttributesOf({ index }: OfModel, dataset: Dataset): Dataset {
  const known = Object.keys(index.figment.attributes ?? {});
  return { ...dataset, attributes: dataset.attributes?.filter(({ name }) => known.includes(name)) ?? [] };
}

/** @throws UsageError when model and data set do not have the same labels and image size */
export function checkOfModel(operation: string, { index }: OfModel, dataset: Dataset): void {
  const missing = index.labels.filter((label) => !dataset.labels.includes(label));
  const unknown = dataset.labels.filter((label) => !index.labels.includes(label));
  const remedy = 'name the data set that the model was trained on';
  if (missing.length > 0 || unknown.length > 0) {
    const which = missing.length > 0 ? `the data lack ${missing.join(', ')}` : `the model lacks ${unknown.join(', ')}`;
    throw new UsageError(`${operation}: model and data have different labels: ${which}; ${remedy}`);
  }
  const { figment } = index;
  const frame = { ...figment, widthPx: figment.widthPx / numFramesOf(figment) };
  const sizeOf = ({ widthPx, heightPx, channels, frames }: ImageFormat) =>
    `${widthPx}x${heightPx} px with ${channels} channels${frames ? ` and ${frames.length} frames` : ''}`;
  if (sizeOf(frame) === sizeOf(dataset)) return;
  throw new UsageError(`${operation}: the model makes ${sizeOf(frame)}, the data are ${sizeOf(dataset)}; ${remedy}`);
}

/** @throws UsageError when the attributes of a model, and their values, are not in this order those of the data */
export function checkVocabulary(operation: string, { index }: OfModel, { attributes }: Dataset): void {
  const [known, found] = [index.figment.attributes ?? {}, vocabularyOf(attributes)].map((all) => JSON.stringify(all));
  if (known === found) return;
  throw new UsageError(
    `${operation}: the model knows other attributes, or other values of them, than the data; name the data set that it was trained on`,
  );
}
