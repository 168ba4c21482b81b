import { integers, normals } from '../core/random.ts';
import { batchIndices } from '../dataset/batches.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { initialWeights } from '../networks/initialise.ts';
import { type NoisyClassifierConfig, noisyClassifierShapes } from '../networks/noisyClassifier.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { Batch } from './batch.ts';
import { type GradientSource, localGradients } from './gradients.ts';
import type { LatentDataset } from './latentDataset.ts';
import { drawLatents } from './latentDraw.ts';
import { createTask, type TaskSpec } from './task.ts';
import { Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

export interface NoisyClassifierOptions extends TrainerOptions {
  seed: number;
  balanced: boolean;
}

export const NOISY_CLASSIFIER_DEFAULTS: NoisyClassifierOptions = {
  seed: 0,
  balanced: true,
  batchSize: 128,
  microBatchSize: 32,
  learningRate: 1e-3,
  numWarmupSteps: 100,
  decayFrom: 0.3,
  finalShare: 0.02,
  beta1: 0.9,
  beta2: 0.99,
  weightDecay: 0.05,
  clipNorm: 1,
  emaDecay: 0.998,
  numSteps: null,
  numMinutes: null,
};

// Streams of the seed that this file draws from; batches.ts has its own.
const POSTERIOR_STREAM = 0x20000000;
const EPS_STREAM = 0x30000000;
const TIME_STREAM = 0x40000000;

/**
 * Three levels of two convolutions, 48, 64 and 96 wide: 320,000 weights, 0.65 MB in float16. The lowest level of 8×8 latents
 * is 2×2, so that it matters where something is: at high noise a hat is little more than a colour at the top.
 */
export function defaultNoisyClassifierConfig(
  { shape }: Pick<LatentDataset, 'shape'>,
  numLabels: number,
  circular: boolean,
): NoisyClassifierConfig {
  return {
    in_channels: shape[2],
    num_labels: numLabels,
    block_out_channels: [48, 64, 96],
    time_embedding_dim: 96,
    norm_num_groups: 8,
    norm_eps: 1e-5,
    circular_padding: circular,
  };
}

export function noisyClassifierTaskSpec(config: NoisyClassifierConfig, scheduler: SchedulerConfig): TaskSpec {
  return { kind: 'noisyClassifier', config, scheduler };
}

/** What a noise-aware classifier belongs to: the auto-encoder whose latents it reads, and the schedule that noises them. */
export interface LatentOrigin {
  vaeConfig: AutoencoderKlConfig;
  scheduler: SchedulerConfig;
}

/**
 * A training of a classifier of noised latents, p(label | xt, t), every t as likely as another; run it with
 * `for await (const step of trainer.run(signal))`.
 *
 * Source: Dhariwal & Nichol 2021, arXiv:2105.05233, section 4.3.
 * @param latents of the model's auto-encoder
 * @param start   state to go on from, or weights (PyTorch's layout) to begin with; random ones when absent
 * @param source  where gradients are computed; this thread when absent
 */
export function noisyClassifierTrainer(
  latents: LatentDataset,
  model: LatentOrigin,
  config: NoisyClassifierConfig,
  options: NoisyClassifierOptions = NOISY_CLASSIFIER_DEFAULTS,
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  const task = createTask(noisyClassifierTaskSpec(config, model.scheduler));
  const initial = start ?? initialWeights(noisyClassifierShapes(config), options.seed);
  const all = Int32Array.from(latents.classLabels.keys());
  const batchAt = (step: number) => noisyBatch(latents, model, all, options, step);
  return new Trainer(source ?? localGradients(task), batchAt, options, task.isTrained, initial);
}

function noisyBatch(
  latents: LatentDataset,
  { vaeConfig, scheduler }: LatentOrigin,
  all: Int32Array,
  options: NoisyClassifierOptions,
  step: number,
): Batch {
  const { batchSize, balanced, seed } = options;
  const chosen = batchIndices(all, latents.classLabels, { batchSize, balanced, seed }, step);
  const size = latents.mean.length / latents.classLabels.length;
  const shape = [batchSize, ...latents.shape];
  const noise = normals(seed, POSTERIOR_STREAM + step, batchSize * size);
  return {
    x0: { shape, data: drawLatents(latents, chosen, vaeConfig, noise) },
    eps: { shape, data: normals(seed, EPS_STREAM + step, batchSize * size) },
    t: { shape: [batchSize], data: integers(seed, TIME_STREAM + step, batchSize, scheduler.numTrainTimesteps) },
    classLabels: { shape: [batchSize], data: chosen.map((image) => latents.classLabels[image]!) },
  };
}
