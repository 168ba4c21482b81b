// A training that shows results within minutes on one core: small networks, and options that suit them. The command
// figment train has larger ones.
import {
  type AutoencoderKlConfig,
  type Dataset,
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  defaultUNetConfig,
  defaultVaeConfig,
  latentShape,
  type TrainerOptions,
  type UNet2DConfig,
  VAE_DEFAULTS,
  type VaeOptions,
} from '../../runtime/index.ts';
import type { Budget, TrainingSettings } from './protocol.ts';

/** The seed of every training: equal pictures and equal budgets in steps give equal models. */
const SEED = 1;
const VAE_BATCH = 32;
const DIFFUSION_BATCH = 64;
/** For how many latents gradients are computed at once. */
const LATENTS_AT_ONCE = 32;
/** For how many pixels gradients are computed at once, so that they fit into a small memory. */
const PIXELS_AT_ONCE = 8192;

/** The options of the auto-encoder's training. */
export function vaeOptionsOf({ vae }: TrainingSettings, { widthPx, heightPx }: Dataset): VaeOptions {
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

/** The options of the diffusion model's training. Its moving average is shorter than for trainings of hours. */
export function diffusionOptionsOf({ ddpm }: TrainingSettings): DiffusionOptions {
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

/** The share of a budget that is used, 0 … 1. */
export function shareOf({ unit, amount }: Budget, { step, elapsedMs }: { step: number; elapsedMs: number }): number {
  return Math.min(1, (unit === 'steps' ? step : elapsedMs / 60_000) / amount);
}

function limitsOf({ unit, amount }: Budget): Pick<TrainerOptions, 'numSteps' | 'numMinutes'> {
  return { numSteps: unit === 'steps' ? amount : null, numMinutes: unit === 'minutes' ? amount : null };
}

const VAE_WIDTHS = [16, 32, 64, 64];
const UNET_WIDTHS = [32, 64];
/** The side that latents should have: thus a U-Net costs the same for pictures of 16 and of 64 pixels. */
const LATENT_SIDE_PX = 8;
/** Larger pictures take more than a page has time for. */
export const MAX_PICTURE_SIDE_PX = 64;

type PictureSize = Pick<Dataset, 'widthPx' | 'heightPx'>;

/** The number of resolutions: one more than the halvings from picture to latents. */
function numLevels({ widthPx, heightPx }: PictureSize): number {
  const halvings = Math.ceil(Math.log2(Math.max(widthPx, heightPx) / LATENT_SIDE_PX));
  return 1 + Math.min(VAE_WIDTHS.length - 1, Math.max(1, halvings));
}

/** An auto-encoder for pictures of up to 64 px; at 16×16 px it has 0.1 million weights. */
export function smallVaeConfig(dataset: Pick<Dataset, 'channels'> & PictureSize): AutoencoderKlConfig {
  const levels = numLevels(dataset);
  const config = defaultVaeConfig(dataset);
  return {
    ...config,
    block_out_channels: VAE_WIDTHS.slice(0, levels),
    down_block_types: Array(levels).fill('DownEncoderBlock2D'),
    up_block_types: Array(levels).fill('UpDecoderBlock2D'),
    latent_channels: levels === 2 ? 4 : 8,
  };
}

/** A U-Net for the latents of `smallVaeConfig`. */
export function smallUNetConfig(dataset: Pick<Dataset, 'channels' | 'labels'> & PictureSize): UNet2DConfig {
  const shape = latentShape(dataset, smallVaeConfig(dataset));
  const config = defaultUNetConfig({ shape }, dataset.labels.length);
  return { ...config, block_out_channels: UNET_WIDTHS, layers_per_block: 1, attention_head_dim: 16 };
}

/** Says why pictures of this size cannot be trained on here; '' when they can. */
export function sizeProblem({ widthPx, heightPx }: PictureSize): string {
  const factor = 2 ** numLevels({ widthPx, heightPx }); // the U-Net halves once more
  const fits = [widthPx, heightPx].every((side) => side <= MAX_PICTURE_SIDE_PX && side % factor === 0);
  if (fits) return '';
  const expected = `both sides at most ${MAX_PICTURE_SIDE_PX} and a multiple of ${factor}`;
  return `the pictures are ${widthPx}×${heightPx} pixels; expected ${expected}: resize them, or train with the command figment`;
}
