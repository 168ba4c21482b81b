import { type PredictionType, parseSchedulerConfig, type SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import type { LatentStatistics } from '../networks/latentScaling.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { checkAttributes, type DiffusionBatchOptions, diffusionBatch, NUM_TIMESTEPS } from './diffusionBatch.ts';
import type { GradientSource } from './gradients.ts';
import type { LatentDataset } from './latentDataset.ts';
import type { TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

/** How a diffusion is trained; the defaults are those of `DIFFUSION_DEFAULTS`. */
export interface DiffusionOptions extends TrainerOptions, Omit<DiffusionBatchOptions, 'isRolled'> {
  /** What the U-Net predicts; default v (Salimans & Ho 2022, arXiv:2202.00512). */
  predictionType: PredictionType;
  /** The noise schedule of 1000 timesteps; default the cosine one (Nichol & Dhariwal 2021, arXiv:2102.09672). */
  betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2';
  /**
   * Clamp of the signal-to-noise weights, above 0, such as 5; default null, which weighs every timestep alike (Hang et al. 2023,
   * arXiv:2303.09556).
   */
  minSnrGamma: number | null;
  /** For seamless pictures: every convolution wraps around the borders, and pictures are rolled, see `isRolled`; default false. */
  circular: boolean;
}

export const DIFFUSION_DEFAULTS: DiffusionOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  predictionType: 'v_prediction',
  betaSchedule: 'squaredcos_cap_v2',
  condDropProb: 0.1,
  minSnrGamma: null,
  timestepShift: 1,
  balanced: false,
  circular: false,
  conditioning: null,
  batchSize: 128,
  microBatchSize: 16,
  learningRate: 1e-3,
  numWarmupSteps: 200,
  decayFrom: 0.5,
  weightDecay: 0.01,
  emaDecay: 0.999,
};

/** Up to this size of the latents two levels see the whole picture. */
const SMALL_LATENTS = 8;

/** From so many channels on latents are those of several frames. */
const MANY_CHANNELS = 32;

/** The sizes that can be chosen for a new U-Net. */
export interface UNetSizes {
  /** Channels of the levels; default 64, 128 for latents of up to 8×8, else 64, 112, 128; of several frames 128, 128. */
  widths?: readonly number[];
  /** Residual blocks of a level; default 2 for two levels, else 1; of several frames 1. */
  layers?: number;
  /** Whether the U-Net knows the places of a picture, see `position_embedding`; default false. */
  positions?: boolean;
}

/**
 * A network for latents of 8×8 (two levels of two blocks, attention on the lower one) or larger (three levels of one
 * block, attention on the lower two), with labels and a null label; 4.3 and 4.6 million weights. For frames, whose latents
 * are stacked, two wide levels of one block.
 */
export function defaultUNetConfig(
  latents: Pick<LatentDataset, 'shape'>,
  numLabels: number,
  sizes: UNetSizes = {},
): UNet2DConfig {
  const [height, width, channels] = latents.shape;
  const isSmall = Math.max(height, width) <= SMALL_LATENTS;
  const isStacked = channels >= MANY_CHANNELS;
  const widths = sizes.widths ?? (isStacked ? [128, 128] : isSmall ? [64, 128] : [64, 112, 128]);
  const isAttended = (level: number) => level > 0;
  const levels = {
    down_block_types: widths.map((_, i) => (isAttended(i) ? ('AttnDownBlock2D' as const) : 'DownBlock2D')),
    up_block_types: widths.map((_, i) =>
      isAttended(widths.length - 1 - i) ? ('AttnUpBlock2D' as const) : 'UpBlock2D',
    ),
    block_out_channels: [...widths],
    layers_per_block: sizes.layers ?? (widths.length <= 2 && !isStacked ? 2 : 1),
    attention_head_dim:
      [32, 16].find((size) => widths.slice(-1 * Math.max(1, widths.length - 1)).every((c) => c % size === 0)) ?? 8,
  };
  return {
    sample_size: height === width ? height : [height, width],
    in_channels: channels,
    out_channels: channels,
    center_input_sample: false,
    time_embedding_type: 'positional',
    time_embedding_dim: null,
    freq_shift: 0,
    flip_sin_to_cos: true,
    ...levels,
    mid_block_type: 'UNetMidBlock2D',
    mid_block_scale_factor: 1,
    downsample_padding: 1,
    downsample_type: 'conv',
    upsample_type: 'conv',
    act_fn: 'silu',
    norm_num_groups: 8,
    attn_norm_num_groups: 8,
    norm_eps: 1e-5,
    resnet_time_scale_shift: 'scale_shift',
    add_attention: true,
    class_embed_type: null,
    num_class_embeds: numLabels + 1,
    position_embedding: sizes.positions ?? false,
  };
}

/** Whether a training rolls its seamless pictures around their edges: not where the network knows places, which data then agree on. */
export function isRolled(
  { circular }: Pick<DiffusionOptions, 'circular'>,
  { position_embedding }: Pick<UNet2DConfig, 'position_embedding'>,
): boolean {
  return circular && !position_embedding;
}

/** The noise schedule of a training, as its model's scheduler_config.json has it. `modelContent` says which sampler is the usual one. */
export function trainingScheduler(options: Pick<DiffusionOptions, 'predictionType' | 'betaSchedule'>): SchedulerConfig {
  return parseSchedulerConfig(
    {
      _class_name: 'DDIMScheduler',
      num_train_timesteps: NUM_TIMESTEPS,
      beta_schedule: options.betaSchedule,
      prediction_type: options.predictionType,
      clip_sample: false,
      timestep_spacing: 'trailing',
    },
    'scheduler_config.json',
  );
}

/** What `diffusionTrainer` trains, as plain data: it is sent to workers, which compute gradients by it; checkpoints do not hold it. */
export function diffusionTaskSpec(config: UNet2DConfig, options: DiffusionOptions): TaskSpec {
  const { circular, minSnrGamma, conditioning } = options;
  return { kind: 'ddpm', config, conditioning, circular, scheduler: trainingScheduler(options), minSnrGamma };
}

/**
 * A training of a conditional denoising diffusion model on standardised latents, or on pixels as they are; run it with
 * `for await (const step of trainer.run(signal))`.
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, algorithm 1; label dropout: Ho & Salimans 2022, arXiv:2207.12598.
 * @param statistics mean and standard deviation of each channel of the auto-encoder, by `latentStatistics`; of pixels 0
 *                   and 1
 * @param start      state to go on from, or weights (PyTorch's layout, joined by `joinConditioning`) to begin with; random
 *                   ones when absent
 * @param source     where gradients are computed; this thread when absent
 */
export function diffusionTrainer(
  latents: LatentDataset,
  statistics: LatentStatistics,
  config: UNet2DConfig,
  options: DiffusionOptions,
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  checkAttributes(latents, options.conditioning);
  const all = Int32Array.from(latents.classLabels.keys());
  const nullLabel = options.conditioning?.num_labels ?? (config.num_class_embeds ?? 1) - 1;
  const drawn = { ...options, isRolled: isRolled(options, config) };
  const batchAt = (step: number) => diffusionBatch(latents, statistics, all, nullLabel, drawn, step);
  return createTrainer(diffusionTaskSpec(config, options), batchAt, options, start, source);
}
