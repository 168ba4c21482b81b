import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import { integers, normals } from '../core/random.ts';
import { DIFFUSION_STREAMS, EVALUATION_STREAMS, streamAt } from '../core/streams.ts';
import { batchIndices } from '../dataset/batches.ts';
import { qSample } from '../diffusion/forward.ts';
import { alphaBar, createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { latentScaler } from '../networks/latentScaling.ts';
import type { Weights } from '../networks/layers.ts';
import { classifyNoisy, type NoisyClassifierConfig } from '../networks/noisyClassifier.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { Batch } from './batch.ts';
import type { GradientSource } from './gradients.ts';
import { drawLatents, type LatentDataset } from './latentDataset.ts';
import type { TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

/** How a classifier that guides is trained; the defaults are those of `NOISY_CLASSIFIER_DEFAULTS`. */
export interface NoisyClassifierOptions extends TrainerOptions {
  /** uint32, of the first weights and of all draws; default 0. */
  seed: number;
  /** The classes are drawn equally often, however many images each has; default true. */
  balanced: boolean;
}

export const NOISY_CLASSIFIER_DEFAULTS: NoisyClassifierOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  balanced: true,
  batchSize: 128,
  microBatchSize: 32,
  learningRate: 1e-3,
  numWarmupSteps: 100,
  decayFrom: 0.3,
  weightDecay: 0.05,
  emaDecay: 0.998,
};

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

/** What `noisyClassifierTrainer` trains, as plain data: it is sent to workers, which compute gradients by it; checkpoints do not hold it. */
export function noisyClassifierTaskSpec(config: NoisyClassifierConfig, scheduler: SchedulerConfig): TaskSpec {
  return { kind: 'noisyClassifier', config, scheduler };
}

/** What a noise-aware classifier belongs to: the auto-encoder whose latents it reads, and the schedule that noises them. */
export interface NoisedLatents {
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
  model: NoisedLatents,
  config: NoisyClassifierConfig,
  options: NoisyClassifierOptions = NOISY_CLASSIFIER_DEFAULTS,
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  const all = Int32Array.from(latents.classLabels.keys());
  const batchAt = (step: number) => noisyBatch(latents, model, all, options, step);
  return createTrainer(noisyClassifierTaskSpec(config, model.scheduler), batchAt, options, start, source);
}

function noisyBatch(
  latents: LatentDataset,
  { vaeConfig, scheduler }: NoisedLatents,
  all: Int32Array,
  options: NoisyClassifierOptions,
  step: number,
): Batch {
  const { batchSize, balanced, seed } = options;
  const chosen = batchIndices(all, latents.classLabels, { batchSize, balanced, seed }, step);
  const size = latents.mean.length / latents.classLabels.length;
  const shape = [batchSize, ...latents.shape];
  const noise = normals(seed, streamAt(DIFFUSION_STREAMS.posterior, step), batchSize * size);
  return {
    x0: { shape, data: drawLatents(latents, chosen, latentScaler(vaeConfig), noise) },
    eps: { shape, data: normals(seed, streamAt(DIFFUSION_STREAMS.eps, step), batchSize * size) },
    t: {
      shape: [batchSize],
      data: integers(seed, streamAt(DIFFUSION_STREAMS.time, step), batchSize, scheduler.numTrainTimesteps),
    },
    classLabels: { shape: [batchSize], data: chosen.map((image) => latents.classLabels[image]!) },
  };
}

/** How well a noise-aware classifier does at one timestep. */
export interface NoisyAccuracy {
  t: number;
  /** The signal's share of the variance. */
  alphaBar: number;
  /** Mean of the shares recognised of each label: 1 / numLabels is chance, however many images a label has. */
  accuracy: number;
  /** Mean of −log p(right label), nats, each label weighted alike; log numLabels is chance. */
  logLoss: number;
}

/** A schedule's timesteps at each tenth of it, and the last one, each once: 0, 100, … 900 and 999 of 1000. */
export function noisyTimesteps({ numTrainTimesteps }: Pick<SchedulerConfig, 'numTrainTimesteps'>): number[] {
  const tenths = Array.from({ length: 10 }, (_, i) => Math.floor((i * numTrainTimesteps) / 10));
  return [...new Set([...tenths, numTrainTimesteps - 1])];
}

const BATCH = 64;

/**
 * Accuracy by noise level on images that did not train, each noised once. The noise of an image depends on the seed
 * and on the image's place alone.
 *
 * @param heldOut   their latents
 * @param timesteps 0 … numTrainTimesteps − 1; by default those of `noisyTimesteps`
 * @param seed      uint32
 */
export async function noisyAccuracy(
  config: NoisyClassifierConfig,
  weights: Weights,
  heldOut: LatentDataset,
  { vaeConfig, scheduler }: NoisedLatents,
  timesteps: readonly number[] = noisyTimesteps(scheduler),
  seed = 0,
): Promise<NoisyAccuracy[]> {
  const schedule = createSchedule(scheduler);
  const { classLabels } = heldOut;
  const x0 = drawLatents(heldOut, Int32Array.from(classLabels.keys()), latentScaler(vaeConfig), null);
  const eps = normals(seed, EVALUATION_STREAMS.noise.first, x0.length);
  const size = x0.length / classLabels.length;
  const results: NoisyAccuracy[] = [];
  for (const t of timesteps) {
    const scores = new ScoreSum(config.num_labels);
    for (let at = 0; at < classLabels.length; at += BATCH) {
      const labels = classLabels.subarray(at, at + BATCH);
      const part = (values: Float32Array) =>
        tensor4d(values.subarray(at * size, (at + labels.length) * size), [labels.length, ...heldOut.shape]);
      const times = new Int32Array(labels.length).fill(t);
      const logits = tidy(() => classifyNoisy(config, weights, qSample(schedule, part(x0), times, part(eps)), times));
      scores.add((await logits.data()) as Float32Array, labels);
      logits.dispose();
    }
    results.push({ t, alphaBar: alphaBar(schedule, t), ...scores.means() });
  }
  return results;
}

/** Adds up the hits and the −log p of each label. */
class ScoreSum {
  private readonly counts: Float64Array;
  private readonly hits: Float64Array;
  private readonly losses: Float64Array;

  constructor(private readonly numLabels: number) {
    this.counts = new Float64Array(numLabels);
    this.hits = new Float64Array(numLabels);
    this.losses = new Float64Array(numLabels);
  }

  add(logits: Float32Array, classLabels: Int32Array): void {
    classLabels.forEach((label, i) => {
      const row = logits.subarray(i * this.numLabels, (i + 1) * this.numLabels);
      const top = Math.max(...row);
      const logSum = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
      this.counts[label]! += 1;
      this.hits[label]! += row[label] === top ? 1 : 0;
      this.losses[label]! += logSum - row[label]!;
    });
  }

  /** The means over those labels that have images. */
  means(): Pick<NoisyAccuracy, 'accuracy' | 'logLoss'> {
    const seen = Array.from(this.counts.keys()).filter((label) => this.counts[label]! > 0);
    const mean = (sums: Float64Array) =>
      seen.reduce((total, label) => total + sums[label]! / this.counts[label]!, 0) / seen.length;
    return { accuracy: mean(this.hits), logLoss: mean(this.losses) };
  }
}
