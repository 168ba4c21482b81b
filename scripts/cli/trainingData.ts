// The data of a training: which images it learns from, and which are held out.
import type { Dataset, DatasetSplit } from '../../runtime/index.ts';
import { withExtraData } from '../node/extraData.ts';
import { chooseFrom, type DatasetChoice, readDataset, type SplitChoice, splitFrom } from '../node/readDataset.ts';
import { UsageError } from '../node/usageError.ts';

export interface TrainingData {
  dataset: Dataset;
  split: DatasetSplit;
}

export interface TrainingDataOptions extends DatasetChoice, SplitChoice {
  data: string;
  extraData?: readonly string[];
  /** Instead of `seed`, so that a training with another one has the same held-out images. */
  splitSeed?: number;
}

/**
 * The data of a training: the chosen part of --data, split, and --extra-data on the training side. Those are made smaller as well,
 * unless they are as small already.
 */
export async function readTrainingData(options: TrainingDataOptions): Promise<TrainingData> {
  const { extraData = [], holdOutBy, seed, splitSeed = seed } = options;
  const whole = await readDataset(options.data);
  const dataset = chooseFrom(whole, options);
  const split = splitFrom(dataset, { ...options, seed: splitSeed });
  const extra = await Promise.all(extraData.map((dir) => readDataset(dir, '--extra-data')));
  const isLarge = ({ widthPx, heightPx }: Dataset) => widthPx === whole.widthPx && heightPx === whole.heightPx;
  const fitted = extra.map((more) => (isLarge(more) ? chooseFrom(more, { shrink: options.shrink }) : more));
  return withExtraData({ dataset, split }, fitted, holdOutBy);
}

/**
 * Checks --shift before an earlier run makes way, and not only in the first step.
 *
 * @throws UsageError when pictures would be shifted out of sight
 */
export function checkShift(
  operation: string,
  shiftPx: number,
  { widthPx, heightPx }: Pick<Dataset, 'widthPx' | 'heightPx'>,
): void {
  const maxPx = Math.min(widthPx, heightPx) - 1;
  if (shiftPx <= maxPx) return;
  throw new UsageError(`${operation}: --shift is ${shiftPx}; expected at most ${maxPx} px`);
}
