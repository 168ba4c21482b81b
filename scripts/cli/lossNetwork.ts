// The classifier whose eyes --perceptual-weight takes: it learns the data before an auto-encoder or a student does.
import {
  type ClassifierConfig,
  type Dataset,
  defaultClassifierConfig,
  downloadWeights,
  lossNetworkWeights,
  type WeightTensor,
} from '../../runtime/index.ts';
import { UsageError } from '../node/usageError.ts';
import { openJudge } from './evaluation/judge.ts';
import type { TrainingData } from './trainingData.ts';

/**
 * The classifier of a training with this weight; null where that is 0.
 *
 * @param command begins the message
 * @throws UsageError when it could learn nothing from the data
 */
export function lossNetworkOf(command: string, dataset: Dataset, perceptualWeight: number): ClassifierConfig | null {
  if (perceptualWeight === 0) return null;
  if (dataset.labels.length > 1 || (dataset.attributes ?? []).length > 0) return defaultClassifierConfig(dataset);
  throw new UsageError(
    `${command}: --perceptual-weight takes the eyes of a classifier, but all images of "${dataset.name}" have one label, and no attributes; leave it out`,
  );
}

/** Another one than the judge of `figment evaluate`, so that this one is not pleased by the letter. */
const SEED = 1;

/**
 * Its weights, as a training has them: it is trained first, or taken from the user's cache.
 *
 * @param operation  begins messages
 * @param numWorkers threads; 0 is this one
 */
export async function learntLossNetwork(
  operation: string,
  { dataset, split }: TrainingData,
  numWorkers: number,
): Promise<Map<string, WeightTensor>> {
  const owner = { operation, remedy: 'see to it that files can be read and written there' }; // no option names another place
  const learnt = await openJudge(dataset, { indices: split.train, numWorkers, seed: SEED, owner });
  const weights = lossNetworkWeights(await downloadWeights(learnt.weights));
  learnt.dispose();
  return weights;
}
