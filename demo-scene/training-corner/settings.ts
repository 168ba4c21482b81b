import {
  type Dataset,
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  type TrainerOptions,
  VAE_DEFAULTS,
  type VaeOptions,
} from '../../runtime/index.ts';
import type { Budget, Settings } from './protocol.ts';

/** Of every training: the same pictures and budgets in steps give the same model. */
const SEED = 1;
const VAE_BATCH = 32;
const DIFFUSION_BATCH = 64;
/** Latents whose gradients are computed at once. */
const LATENTS_AT_ONCE = 32;
/** Pixels of the pictures whose gradients are computed at once: what fits into a small memory. */
const PIXELS_AT_ONCE = 8192;

/** The auto-encoder's training. */
export function vaeOptionsOf({ vae }: Settings, { widthPx, heightPx }: Dataset): VaeOptions {
  const atOnce = Math.max(1, Math.floor(PIXELS_AT_ONCE / (widthPx * heightPx)));
  return {
    ...VAE_DEFAULTS,
    ...limitsOf(vae),
    seed: SEED,
    balanced: true,
    batchSize: VAE_BATCH,
    microBatchSize: Math.min(VAE_BATCH, atOnce),
    numWarmupSteps: 50,
  };
}

/** The diffusion model's training; its average is shorter than for trainings of hours. */
export function diffusionOptionsOf({ ddpm }: Settings): DiffusionOptions {
  return {
    ...DIFFUSION_DEFAULTS,
    ...limitsOf(ddpm),
    seed: SEED,
    balanced: true,
    batchSize: DIFFUSION_BATCH,
    microBatchSize: LATENTS_AT_ONCE,
    numWarmupSteps: 100,
    emaDecay: 0.995,
  };
}

/** How much of a budget is used, 0 … 1. */
export function shareOf({ unit, amount }: Budget, { step, elapsedMs }: { step: number; elapsedMs: number }): number {
  return Math.min(1, (unit === 'steps' ? step : elapsedMs / 60_000) / amount);
}

function limitsOf({ unit, amount }: Budget): Pick<TrainerOptions, 'numSteps' | 'numMinutes'> {
  return { numSteps: unit === 'steps' ? amount : null, numMinutes: unit === 'minutes' ? amount : null };
}
