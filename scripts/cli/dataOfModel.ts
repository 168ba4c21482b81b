import {
  type Dataset,
  type DatasetSplit,
  fitImages,
  frameDifference,
  type ImageFormat,
  isWords,
  MATERIAL_CHANNELS,
  type ModelFiles,
  numFramesOf,
  toldBy,
  vocabularyOf,
} from '../../runtime/index.ts';
import { withExtraData, withTestData } from '../node/extraData.ts';
import { chooseFrom, readDataset, type SplitChoice, splitFrom } from '../node/readDataset.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';

type OfModel = Pick<ModelFiles, 'index'>;

interface DataOfModelOptions extends SplitChoice {
  data: string;
  /** More that the model was trained on, of which nothing is held out. */
  extraData?: readonly string[];
  /** What it was not trained on, which is all that is held out then. */
  testData?: string;
}

/** The data that a model was trained on, as it was, and their split. @throws UsageError when they are not of its labels and size */
export async function readDataOfModel(
  operation: string,
  files: OfModel,
  { data, extraData = [], testData, ...choice }: DataOfModelOptions,
): Promise<{ dataset: Dataset; split: DatasetSplit }> {
  const own = fitToModel(files, await readDataset(data));
  checkOfModel(operation, files, own);
  const more = async (dir: string, option: string) => fitToModel(files, await readDataset(dir, option));
  const read = { dataset: own, split: splitFrom(own, choice) };
  const extra = await Promise.all(extraData.map((dir) => more(dir, '--extra-data')));
  const whole = withExtraData(read, extra, choice.holdOutBy);
  return testData === undefined ? whole : withTestData(whole, await more(testData, '--test-data'));
}

/**
 * The data as the model was trained on them: only its labels, images shrunk to its size where a whole factor does that, without
 * maps where it makes none, and with alpha where it takes that.
 */
function fitToModel({ index: { labels, figment } }: OfModel, dataset: Dataset): Dataset {
  const { channels } = figment;
  const isKnown = labels.every((label) => dataset.labels.includes(label));
  const factor = (numFramesOf(figment) * dataset.widthPx) / figment.widthPx;
  const isWhole = Number.isInteger(factor) && dataset.heightPx === factor * figment.heightPx;
  const chosen = chooseFrom(dataset, { labels: isKnown ? labels : undefined, shrink: isWhole ? factor : 1 });
  if (chosen.channels === 4 || channels === MATERIAL_CHANNELS) return chosen;
  return fitImages(chosen, { ...chosen, widthPx: numFramesOf(chosen) * chosen.widthPx, channels });
}

/** The data with the attributes alone that the model can be asked for, in the model's order. */
export function withAttributesOf({ index }: OfModel, dataset: Dataset): Dataset {
  const known = Object.keys(index.figment.attributes ?? {});
  const columns = known.flatMap((name) => dataset.attributes?.find((column) => column.name === name) ?? []);
  return { ...dataset, attributes: columns };
}

/**
 * The data of a model and their split, with the model's attributes alone, for a command that lets it learn from them.
 *
 * @throws UsageError as `readDataOfModel` and `checkVocabulary`
 */
export async function readKnownData(
  operation: string,
  files: OfModel,
  options: DataOfModelOptions,
): Promise<{ dataset: Dataset; split: DatasetSplit }> {
  const { dataset: whole, split } = await readDataOfModel(operation, files, options);
  const dataset = withAttributesOf(files, whole);
  checkVocabulary(operation, files, dataset);
  return { dataset, split };
}

/**
 * Other pictures in the format of a model, told by the attributes and words of the data that it is judged by; their labels may
 * be any.
 *
 * @param option names the folder, for errors
 * @throws       UsageError when their size is another, or they show a word that those data lack, or numbers of another range
 */
export async function readOthers(
  operation: string,
  files: OfModel,
  { attributes = [] }: Dataset,
  dir: string,
  option: string,
): Promise<Dataset> {
  const read = fitToModel(files, await readDataset(dir, option));
  checkFormat(operation, files, read);
  return rangeAsUsageError(() => toldBy(read, attributes), `${operation}: ${option} ${dir}`);
}

/** @throws UsageError when model and data set do not have the same labels, image size and frames */
function checkOfModel(operation: string, { index }: OfModel, dataset: Dataset): void {
  const missing = index.labels.filter((label) => !dataset.labels.includes(label));
  const unknown = dataset.labels.filter((label) => !index.labels.includes(label));
  if (missing.length > 0 || unknown.length > 0) {
    const which = missing.length > 0 ? `the data lack ${missing.join(', ')}` : `the model lacks ${unknown.join(', ')}`;
    throw new UsageError(`${operation}: model and data have different labels: ${which}; ${REMEDY}`);
  }
  checkFormat(operation, { index }, dataset);
}

const REMEDY = 'name the data set that the model was trained on';

function checkFormat(operation: string, { index: { figment } }: OfModel, dataset: Dataset): void {
  const frame = { ...figment, widthPx: figment.widthPx / numFramesOf(figment) };
  const sizeOf = ({ widthPx, heightPx, channels, frames }: ImageFormat) =>
    `${widthPx}x${heightPx} px with ${channels} channels${frames ? ` and ${frames.length} frames` : ''}`;
  if (sizeOf(frame) !== sizeOf(dataset)) {
    throw new UsageError(`${operation}: the model makes ${sizeOf(frame)}, the data are ${sizeOf(dataset)}; ${REMEDY}`);
  }
  const difference = frameDifference(dataset, figment);
  if (difference) throw new UsageError(`${operation}: of the data, ${difference} as the model has; ${REMEDY}`);
}

/** @throws UsageError when the attributes of a model, and their values, are not in this order those of the data */
function checkVocabulary(operation: string, { index }: OfModel, { attributes }: Dataset): void {
  const [known, found] = [index.figment.attributes ?? {}, vocabularyOf(attributes)].map((all) => JSON.stringify(all));
  if (known === found) return;
  throw new UsageError(
    `${operation}: the model knows other attributes, or other values of them, than the data; name the data set that it was trained on`,
  );
}

/** @throws UsageError when a picture shows what the model cannot be asked for: a word that it lacks, or a number of another range */
export function checkAskable(operation: string, { index }: OfModel, { attributes = [] }: Dataset): void {
  for (const column of attributes) {
    const known = index.figment.attributes?.[column.name];
    if (!isWords(column)) {
      if (JSON.stringify(known) === JSON.stringify(column.values)) continue;
      throw new UsageError(`${operation}: ${column.name} has another range in the data than in the model; ${REMEDY}`);
    }
    const words = Array.isArray(known) ? known : [];
    const unknown = column.values.filter((word, place) => !words.includes(word) && column.data.includes(place));
    if (unknown.length === 0) continue;
    throw new UsageError(
      `${operation}: the data show ${column.name} ${unknown.join(', ')}, which the model does not know; ${REMEDY}`,
    );
  }
}
