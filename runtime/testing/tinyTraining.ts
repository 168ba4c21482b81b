import { normals } from '../core/random.ts';
import type { GradientSource } from '../training/gradients.ts';
import type { LatentDataset } from '../training/latentDataset.ts';
import {
  CONDITIONAL_VAE_DEFAULTS,
  type ConditionalVaeOptions,
  conditionalVaeTrainer,
} from '../training/trainConditionalVae.ts';
import { DIFFUSION_DEFAULTS, type DiffusionOptions, diffusionTrainer } from '../training/trainDiffusion.ts';
import type { Trainer, TrainerState, TrainingStep } from '../training/trainer.ts';
import { VAE_DEFAULTS, type VaeOptions, vaeTrainer } from '../training/trainVae.ts';
import { tinyDataset } from './tinyDataset.ts';
import { tinyCvaeConfig, tinyUNetConfig, tinyVaeConfig } from './tinyNetworks.ts';

export const TINY_VAE_OPTIONS: VaeOptions = {
  ...VAE_DEFAULTS,
  seed: 3,
  augment: { flip: true },
  batchSize: 4,
  microBatchSize: 2,
  numWarmupSteps: 5,
  numSteps: 20,
};

export const TINY_DIFFUSION_OPTIONS: DiffusionOptions = {
  ...DIFFUSION_DEFAULTS,
  seed: 4,
  batchSize: 4,
  microBatchSize: 2,
  numWarmupSteps: 5,
  numSteps: 20,
};

export const TINY_CVAE_OPTIONS: ConditionalVaeOptions = {
  ...CONDITIONAL_VAE_DEFAULTS,
  seed: 5,
  klWarmupSteps: 8,
  augment: { flip: true },
  batchSize: 4,
  microBatchSize: 2,
  numWarmupSteps: 5,
  numSteps: 20,
};

/** Latents of three classes, each around a mean of its own. */
export function tinyLatents(count = 12, shape: [number, number, number] = [4, 4, 4]): LatentDataset {
  const size = count * shape[0] * shape[1] * shape[2];
  const classLabels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const perImage = size / count;
  const mean = normals(9, 0, size).map((value, i) => 0.5 * value + classLabels[Math.floor(i / perImage)]!);
  return { shape, mean, std: new Float32Array(size).fill(0.1), classLabels };
}

export function tinyVaeTrainer(
  options: Partial<VaeOptions> = {},
  start?: TrainerState,
  source?: GradientSource,
): Trainer {
  const dataset = tinyDataset();
  const all = Int32Array.from(dataset.classLabels.keys());
  return vaeTrainer(dataset, all, tinyVaeConfig(), { ...TINY_VAE_OPTIONS, ...options }, start, source);
}

export function tinyCvaeTrainer(
  options: Partial<ConditionalVaeOptions> = {},
  start?: TrainerState,
  source?: GradientSource,
): Trainer {
  const dataset = tinyDataset();
  const all = Int32Array.from(dataset.classLabels.keys());
  return conditionalVaeTrainer(dataset, all, tinyCvaeConfig(), { ...TINY_CVAE_OPTIONS, ...options }, start, source);
}

export function tinyDiffusionTrainer(
  options: Partial<DiffusionOptions> = {},
  start?: TrainerState,
  source?: GradientSource,
): Trainer {
  const statistics = { mean: [1, 1, 1, 1], std: [1, 0.9, 1, 1.1] };
  const all = { ...TINY_DIFFUSION_OPTIONS, ...options };
  return diffusionTrainer(tinyLatents(), statistics, tinyUNetConfig(), all, start, source);
}

/** Runs a training to its end, or for `numSteps` more. */
export async function runSteps(trainer: Trainer, numSteps = Number.POSITIVE_INFINITY): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const step of trainer.run()) {
    steps.push(step);
    if (steps.length === numSteps) break;
  }
  return steps;
}
