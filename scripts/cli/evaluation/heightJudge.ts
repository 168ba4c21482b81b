// The network that guesses height from pictures: it tells whether generated heights belong to their pictures.
import {
  type AutoencoderKlConfig,
  autoencoderKlShapes,
  type Dataset,
  dataParallelGradients,
  downloadWeights,
  HEIGHT_TRAINING_DEFAULTS,
  type HeightGuesser,
  heightConfig,
  heightTaskSpec,
  heightTrainer,
  parseAutoencoderKlConfig,
  type WeightTensor,
} from '../../../runtime/index.ts';
import { letEventsIn } from '../../node/interrupt.ts';
import { startGradientWorkers } from '../../node/nodeWorkers.ts';
import { startProgress } from '../../node/terminal.ts';
import { openTrained, type TrainedNetworkAtWork, trainingDigest } from './judge.ts';

export interface OpenHeightOptions {
  /** File that keeps the classifier; this network lies beside it. */
  classifierFile: string;
  indices: Int32Array;
  numSteps: number;
  numWorkers: number;
  circular: boolean;
}

/** @param dataset materials */
export async function openHeightJudge(
  dataset: Dataset,
  options: OpenHeightOptions,
): Promise<TrainedNetworkAtWork<AutoencoderKlConfig> & HeightGuesser> {
  const { classifierFile, indices, numSteps, circular } = options;
  const network = await openTrained({
    file: `${classifierFile.replace(/\.safetensors$/, '')}.height-${circular ? 'circular' : 'plain'}-${numSteps}.safetensors`,
    digest: trainingDigest({ ...dataset, attributes: [] }, indices),
    numSteps,
    config: heightConfig(dataset),
    parse: parseAutoencoderKlConfig,
    shapes: autoencoderKlShapes,
    train: (config) => train(dataset, config, options),
  });
  return { ...network, circular };
}

async function train(
  dataset: Dataset,
  config: AutoencoderKlConfig,
  { indices, numSteps, numWorkers, circular }: OpenHeightOptions,
): Promise<Map<string, WeightTensor>> {
  const spec = heightTaskSpec(config, circular);
  const source = numWorkers > 1 ? dataParallelGradients(spec, startGradientWorkers(numWorkers)) : undefined;
  const options = { ...HEIGHT_TRAINING_DEFAULTS, numSteps, circular };
  const trainer = heightTrainer(dataset, indices, config, options, source);
  const progress = startProgress('train height');
  try {
    for await (const { step, loss, progress: share } of trainer.run()) {
      progress.update(share, `step ${step} | loss ${loss.toFixed(3)}`);
      await letEventsIn();
    }
    return await downloadWeights(trainer.ema);
  } finally {
    progress.stop();
    await trainer.dispose();
  }
}
