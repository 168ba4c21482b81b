import { append, type Dataset, type DatasetSplit, splitHeldOut } from '../../runtime/index.ts';
import { UsageError } from '../node/usageError.ts';
import { chooseFrom, type DatasetChoice, readDataset } from '../node/readDataset.ts';

export interface TrainingDataOptions extends DatasetChoice {
  data: string;
  extraData?: string;
  heldOut: number;
  seed: number;
}

/** What a training sees: the chosen part of the data, split, and the extra data, all of which train. */
export async function readTrainingData(
  options: TrainingDataOptions,
): Promise<{ dataset: Dataset; split: DatasetSplit }> {
  const dataset = chooseFrom(await readDataset(options.data), options);
  const split = splitHeldOut(dataset, options.heldOut, options.seed);
  if (options.extraData === undefined) return { dataset, split };
  const both = appendTo(dataset, await readDataset(options.extraData));
  const extra = Array.from(both.classLabels.keys()).slice(dataset.classLabels.length);
  return { dataset: both, split: { ...split, train: Int32Array.from([...split.train, ...extra]) } };
}

function appendTo(dataset: Dataset, extra: Dataset): Dataset {
  try {
    return append(dataset, extra);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`--extra-data: ${error.message}`) : error;
  }
}
