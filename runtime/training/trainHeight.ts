import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { type Batch, pictureBatch } from './batch.ts';
import type { GradientSource } from './gradients.ts';
import type { TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions } from './trainer.ts';
import { defaultVaeConfig } from './trainVae.ts';

/** How the network that guesses heights is trained; the defaults are those of `HEIGHT_TRAINING_DEFAULTS`. */
export interface HeightTrainingOptions extends TrainerOptions {
  /** uint32, of the first weights and of all draws; default 0. */
  seed: number;
  /** For seamless pictures: every convolution wraps around the borders, and pictures are shifted by any amount; default false. */
  circular: boolean;
}

export const HEIGHT_TRAINING_DEFAULTS: HeightTrainingOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  circular: false,
  batchSize: 16,
  microBatchSize: 8,
  learningRate: 2e-3,
  numWarmupSteps: 50,
  decayFrom: 0.3,
  weightDecay: 0.05,
  emaDecay: 0.99,
  numSteps: 400,
};

/** A network that gives the height of a material's picture, with a code that is wide enough for every detail. */
export function heightConfig(dataset: Pick<Dataset, 'widthPx'>): AutoencoderKlConfig {
  const sizes = { widths: [24, 48], latentChannels: 48 };
  return { ...defaultVaeConfig({ channels: 3, widthPx: dataset.widthPx }, sizes), out_channels: 1 };
}

/** What `heightTrainer` trains, as plain data: it is sent to workers, which compute gradients by it; checkpoints do not hold it. */
export function heightTaskSpec(config: AutoencoderKlConfig, circular: boolean): TaskSpec {
  return { kind: 'height', config, circular };
}

/**
 * A training of the network that guesses the height of pictures, which tells whether generated heights belong to their pictures;
 * run it with `for await (const step of trainer.run(signal))`.
 *
 * @param dataset materials
 * @param indices the training images
 * @param source  where gradients are computed; this thread when absent
 * @throws        RangeError when the data have no maps
 */
export function heightTrainer(
  dataset: Dataset,
  indices: Int32Array,
  config: AutoencoderKlConfig,
  options: HeightTrainingOptions = HEIGHT_TRAINING_DEFAULTS,
  source?: GradientSource,
): Trainer {
  if (dataset.channels !== MATERIAL_CHANNELS) {
    throw new RangeError(`heightTrainer: "${dataset.name}" has no maps; expected a data set of materials`);
  }
  const batchAt = (step: number) => heightBatch(dataset, indices, options, step);
  return createTrainer(heightTaskSpec(config, options.circular), batchAt, options, undefined, source);
}

function heightBatch(dataset: Dataset, indices: Int32Array, options: HeightTrainingOptions, step: number): Batch {
  const { circular } = options;
  const { x } = pictureBatch(dataset, indices, { ...options, balanced: true, augment: { circular } }, step);
  const [batch, height, width] = x.shape as [number, number, number];
  const numPixels = batch * height * width;
  const pictures = new Float32Array(3 * numPixels);
  const heights = new Float32Array(numPixels);
  for (let i = 0, from = 0; i < numPixels; i++, from += MATERIAL_CHANNELS) {
    for (let c = 0; c < 3; c++) pictures[3 * i + c] = x.data[from + c]!;
    heights[i] = x.data[from + 3]!;
  }
  return {
    x: { shape: [batch, height, width, 3], data: pictures },
    y: { shape: [batch, height, width, 1], data: heights },
  };
}
