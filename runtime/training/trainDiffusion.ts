import { integers, normals, uniforms } from '../core/random.ts';
import { shiftCircular } from '../dataset/augment.ts';
import { batchIndices } from '../dataset/batches.ts';
import { type PredictionType, parseSchedulerConfig, type SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import type { ConditioningConfig } from '../networks/conditioningConfig.ts';
import { type LatentStatistics, standardiser } from '../networks/latentScaling.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { Batch } from './batch.ts';
import { dropConditions } from './dropConditions.ts';
import type { GradientSource } from './gradients.ts';
import { drawLatents, type LatentDataset, type LatentSubjects } from './latentDataset.ts';
import type { TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

export interface DiffusionOptions extends TrainerOptions {
  seed: number;
  predictionType: PredictionType;
  betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2';
  /** Share of images trained without their label, for classifier-free guidance. */
  condDropProb: number;
  /** Clamp of the signal-to-noise weights; null weighs every timestep alike. */
  minSnrGamma: number | null;
  /** Draws more timesteps of much noise, see `drawTimesteps`; 1 draws all of them equally often. */
  timestepShift: number;
  balanced: boolean;
  /** For seamless pictures: every convolution wraps around the borders, and the latents of every image are rolled by whole cells. */
  circular: boolean;
  /** The network for label and attributes of a U-Net with `class_embed_type: "identity"`; null: the U-Net takes the label. */
  conditioning: ConditioningConfig | null;
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

const NUM_TIMESTEPS = 1000;

// Streams of the seed that this file draws from; batches.ts has its own, from 0x80000000 to 0xdfffffff.
const POSTERIOR_STREAM = 0x20000000;
const EPS_STREAM = 0x30000000;
const TIME_STREAM = 0x40000000;
const WITHIN_TIME_STREAM = 0xe0000000;
const DROP_STREAM = 0x50000000;
const ROLL_STREAM = 0x60000000;

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
  };
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
  const batchAt = (step: number) => diffusionBatch(latents, statistics, all, nullLabel, options, step);
  return createTrainer(diffusionTaskSpec(config, options), batchAt, options, start, source);
}

/** @throws RangeError when the latents have not a value for each attribute of the conditioning */
export function checkAttributes(
  { classLabels, attributes }: LatentSubjects,
  conditioning: ConditioningConfig | null,
): void {
  const expected = classLabels.length * Object.keys(conditioning?.attributes ?? {}).length;
  const found = attributes?.length ?? 0;
  if (!conditioning || found === expected) return;
  throw new RangeError(
    `diffusionTrainer: the latents have ${found} attributes; expected ${expected}, by encodeColumns`,
  );
}

/** What a batch of latents depends on, beside the step. */
export type DiffusionBatchOptions = Pick<
  DiffusionOptions,
  'batchSize' | 'balanced' | 'seed' | 'circular' | 'condDropProb' | 'conditioning' | 'timestepShift'
>;

/**
 * The batch of a step: latents x0, noise eps, timesteps t, and what the network is told of each, some of it left out.
 *
 * @param all places of the latents to draw from
 */
export function diffusionBatch(
  latents: LatentDataset,
  statistics: LatentStatistics,
  all: Int32Array,
  nullLabel: number,
  options: DiffusionBatchOptions,
  step: number,
): Batch {
  const { batchSize, seed, circular } = options;
  const chosen = batchIndices(all, latents.classLabels, options, step);
  const noise = normals(seed, POSTERIOR_STREAM + step, batchSize * sizeOf(latents));
  const x0 = drawLatents(latents, chosen, standardiser(statistics), noise);
  if (circular) rollEach(x0, latents.shape, uniforms(seed, ROLL_STREAM + step, 2 * batchSize));
  return {
    x0: { shape: [batchSize, ...latents.shape], data: x0 },
    t: { shape: [batchSize], data: drawTimesteps(batchSize, options, step) },
    ...noiseBatch(latents, all, nullLabel, options, step),
  };
}

/** What a batch of that step has besides latents: the noise eps, and what the network is told. */
export function noiseBatch(
  subjects: LatentSubjects,
  all: Int32Array,
  nullLabel: number,
  options: DiffusionBatchOptions,
  step: number,
): Batch {
  const { batchSize, seed } = options;
  const chosen = batchIndices(all, subjects.classLabels, options, step);
  const eps = normals(seed, EPS_STREAM + step, batchSize * sizeOf(subjects));
  return {
    eps: { shape: [batchSize, ...subjects.shape], data: eps },
    ...conditionArrays(subjects, chosen, nullLabel, options, step),
  };
}

/** Values of the latents of one image. */
function sizeOf({ shape }: LatentSubjects): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Timesteps from 0 to 999: of numbers u drawn evenly from 0 to 1, the places s u / (1 + (s − 1) u). What is the same all over
 * a picture, such as which way its boards run, shows through much noise, and is decided in the first few of all timesteps. With
 * a shift s of 5, 36 % of them are above 900.
 *
 * Source: Esser et al. 2024, arXiv:2403.03206, eq. (23), where it makes up for sizes of pictures.
 */
export function drawTimesteps(
  count: number,
  { seed, timestepShift: s }: Pick<DiffusionOptions, 'seed' | 'timestepShift'>,
  step: number,
): Int32Array {
  const whole = integers(seed, TIME_STREAM + step, count, NUM_TIMESTEPS);
  if (s === 1) return whole;
  const within = uniforms(seed, WITHIN_TIME_STREAM + step, count);
  return whole.map((t, i) => {
    const u = (t + within[i]!) / NUM_TIMESTEPS;
    return Math.min(NUM_TIMESTEPS - 1, Math.floor((NUM_TIMESTEPS * s * u) / (1 + (s - 1) * u)));
  });
}

/** What the network is told of the chosen images. */
function conditionArrays(
  subjects: LatentSubjects,
  chosen: Int32Array,
  nullLabel: number,
  { seed, condDropProb, conditioning }: DiffusionBatchOptions,
  step: number,
): Batch {
  const batch = chosen.length;
  const known = chosen.map((image) => subjects.classLabels[image]!);
  if (!conditioning) {
    const dropped = uniforms(seed, DROP_STREAM + step, batch);
    const classLabels = known.map((label, i) => (dropped[i]! < condDropProb ? nullLabel : label));
    return { classLabels: { shape: [batch], data: classLabels } };
  }
  const count = Object.keys(conditioning.attributes).length;
  const attributes = new Float32Array(batch * count);
  chosen.forEach((image, i) => {
    attributes.set(subjects.attributes?.subarray(image * count, (image + 1) * count) ?? [], i * count);
  });
  const conditions = { classLabels: known, attributes };
  const told = dropConditions(conditions, nullLabel, condDropProb, seed, DROP_STREAM + step);
  return {
    classLabels: { shape: [batch], data: told.classLabels },
    attributes: { shape: [batch, count], data: told.attributes },
  };
}

/** Shifts each image by whole cells in x and y, by two uniform draws, wrapping at the edges. */
function rollEach(x0: Float32Array, [height, width, channels]: LatentDataset['shape'], draws: Float64Array): void {
  const size = height * width * channels;
  const spare = new Float32Array(size);
  for (let i = 0; i * size < x0.length; i++) {
    const image = x0.subarray(i * size, (i + 1) * size);
    const [dx, dy] = [Math.floor(draws[2 * i]! * width), Math.floor(draws[2 * i + 1]! * height)];
    shiftCircular(image, spare, { heightPx: height, widthPx: width, channels }, dx, dy);
    image.set(spare);
  }
}
