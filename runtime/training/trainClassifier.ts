import { normals } from '../core/random.ts';
import { CLASSIFIER_STREAMS, streamAt } from '../core/streams.ts';
import { vocabularyOf } from '../dataset/attributeColumns.ts';
import type { AugmentOptions } from '../dataset/augment.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import { attributeKinds } from '../networks/conditioningConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { type Batch, type BatchArray, pictureBatch, withAttributeWeights } from './batch.ts';
import type { GradientSource } from './gradients.ts';
import type { TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

/** How the classifier that judges generated images is trained; the defaults are those of `CLASSIFIER_DEFAULTS`. */
export interface ClassifierOptions extends TrainerOptions {
  /** uint32, of the first weights and of all draws; default 0. */
  seed: number;
  /** The classes are drawn equally often, however many images each has; default true. */
  balanced: boolean;
  /** How pictures are altered before they are learned; default mirrored, and shifted by up to 1 px. */
  augment: AugmentOptions;
  /**
   * Standard deviation of the noise added to every value, which is from −1 to 1, so that the judge looks at shapes rather than at
   * bytes; 0 or more; default 0.05.
   */
  noiseStd: number;
}

export const CLASSIFIER_DEFAULTS: ClassifierOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  balanced: true,
  augment: { flip: true, shiftPx: 1 },
  noiseStd: 0.05,
  batchSize: 32,
  microBatchSize: 16,
  learningRate: 2e-3,
  numWarmupSteps: 50,
  decayFrom: 0.3,
  weightDecay: 0.05,
  emaDecay: 0.99,
  numSteps: 2000,
};

const LEVELS = [32, 64, 128];
const GRID = 4;

/**
 * A network of 128 features, for the labels and attributes of the data. Images of 64 px and more have one more level, so that they
 * cost little more than smaller ones. In pictures that are cut out (with alpha) things have their place, as eyes have in a face,
 * which attributes are told by; tiles look the same everywhere.
 */
export function defaultClassifierConfig(
  dataset: Pick<Dataset, 'channels' | 'labels' | 'attributes' | 'widthPx' | 'heightPx'>,
): ClassifierConfig {
  const isLarge = Math.max(dataset.widthPx, dataset.heightPx) >= 64;
  return {
    in_channels: dataset.channels,
    num_labels: dataset.labels.length,
    block_out_channels: isLarge ? [16, ...LEVELS] : LEVELS,
    norm_num_groups: 8,
    norm_eps: 1e-5,
    attributes: attributeKinds(vocabularyOf(dataset.attributes)),
    attribute_grid: dataset.channels === 4 ? GRID : 1,
  };
}

/** What `classifierTrainer` trains, as plain data: it is sent to workers, which compute gradients by it; checkpoints do not hold it. */
export function classifierTaskSpec(config: ClassifierConfig): TaskSpec {
  return { kind: 'classifier', config };
}

/**
 * A training of the classifier that judges generated images; run it with `for await (const step of trainer.run(signal))`.
 *
 * @param indices the training images
 * @param start   state to go on from, or weights (PyTorch's layout) to begin with; random ones when absent
 * @param source  where gradients are computed; this thread when absent
 */
export function classifierTrainer(
  dataset: Dataset,
  indices: Int32Array,
  config: ClassifierConfig,
  options: ClassifierOptions = CLASSIFIER_DEFAULTS,
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  const batchAt = (step: number) => classifierBatch(dataset, indices, options, step);
  return createTrainer(classifierTaskSpec(config), batchAt, options, start, source);
}

/**
 * The batch of one training step, which depends on the seed and the step alone.
 *
 * @param indices the training images
 */
export function classifierBatch(
  dataset: Dataset,
  indices: Int32Array,
  options: ClassifierOptions,
  step: number,
): Batch {
  const batch = pictureBatch(dataset, indices, options, step);
  if (options.noiseStd > 0) addNoise(batch.x.data, options.noiseStd, options.seed, step);
  const { attributes } = batch;
  return attributes ? { ...batch, ...withAttributeWeights(attributes) } : batch;
}

function addNoise(x: BatchArray['data'], std: number, seed: number, step: number): void {
  const noise = normals(seed, streamAt(CLASSIFIER_STREAMS.noise, step), x.length);
  for (let i = 0; i < x.length; i++) x[i]! += std * noise[i]!;
}
