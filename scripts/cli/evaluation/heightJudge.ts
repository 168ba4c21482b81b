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
  const { indices, numSteps, circular } = options;
  const digest = trainingDigest({ ...dataset, attributes: [] }, indices);
  const network = await openTrained({
    file: fileBeside(options, digest),
    digest,
    numSteps,
    config: heightConfig(dataset),
    parse: parseAutoencoderKlConfig,
    shapes: autoencoderKlShapes,
    train: (config) => train(dataset, config, options),
  });
  return { ...network, circular };
}

/** Beside the classifier's file, which stays the same where the maps alone are others: a judge of these has another file. */
function fileBeside({ classifierFile, numSteps, circular }: OpenHeightOptions, digest: string): string {
  const name = classifierFile.replace(/\.safetensors$/, '');
  return `${name}.height-${circular ? 'circular' : 'plain'}-${digest.slice(0, 16)}-${numSteps}.safetensors`;
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
