import { integers, normals, uniforms } from '../core/random.ts';
import { shiftCircular } from '../dataset/augment.ts';
import { batchIndices } from '../dataset/batches.ts';
import { type PredictionType, parseSchedulerConfig, type SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import { initialWeights } from '../networks/weights.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { Batch } from './batch.ts';
import { type GradientSource, localGradients } from './gradients.ts';
import type { LatentDataset } from './latentDataset.ts';
import { createTask, type TaskSpec } from './task.ts';
import { Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

export interface DiffusionOptions extends TrainerOptions {
  seed: number;
  predictionType: PredictionType;
  betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2';
  /** Share of images trained without their label, for classifier-free guidance. */
  condDropProb: number;
  /** Clamp of the signal-to-noise weights; null weighs every timestep alike. */
  minSnrGamma: number | null;
  balanced: boolean;
  /** For seamless pictures: every convolution wraps around the borders, and the latents of every image are rolled by whole cells. */
  circular: boolean;
}

export const DIFFUSION_DEFAULTS: DiffusionOptions = {
  seed: 0,
  predictionType: 'v_prediction',
  betaSchedule: 'squaredcos_cap_v2',
  condDropProb: 0.1,
  minSnrGamma: null,
  balanced: false,
  circular: false,
  batchSize: 128,
  microBatchSize: 16,
  learningRate: 1e-3,
  numWarmupSteps: 200,
  decayFrom: 0.5,
  finalShare: 0.02,
  beta1: 0.9,
  beta2: 0.99,
  weightDecay: 0.01,
  clipNorm: 1,
  emaDecay: 0.999,
  numSteps: null,
  numMinutes: null,
};

// Streams of the seed that this file draws from; batches.ts has its own.
const POSTERIOR_STREAM = 0x20000000;
const EPS_STREAM = 0x30000000;
const TIME_STREAM = 0x40000000;
const DROP_STREAM = 0x50000000;
const ROLL_STREAM = 0x60000000;

/** Up to this size of the latents two levels see the whole picture. */
const SMALL_LATENTS = 8;

/**
 * A network for latents of 8×8 (two levels of two blocks, attention on the lower one) or larger (three levels of one
 * block, attention on the lower two), with labels and a null label; 4.3 and 4.6 million weights.
 */
export function defaultUNetConfig(latents: Pick<LatentDataset, 'shape'>, numLabels: number): UNet2DConfig {
  const [height, width, channels] = latents.shape;
  const levels: Pick<
    UNet2DConfig,
    'down_block_types' | 'up_block_types' | 'block_out_channels' | 'layers_per_block' | 'attention_head_dim'
  > =
    Math.max(height, width) <= SMALL_LATENTS
      ? {
          down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
          up_block_types: ['AttnUpBlock2D', 'UpBlock2D'],
          block_out_channels: [64, 128],
          layers_per_block: 2,
          attention_head_dim: 32,
        }
      : {
          down_block_types: ['DownBlock2D', 'AttnDownBlock2D', 'AttnDownBlock2D'],
          up_block_types: ['AttnUpBlock2D', 'AttnUpBlock2D', 'UpBlock2D'],
          block_out_channels: [64, 112, 128],
          layers_per_block: 1,
          attention_head_dim: 16,
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
    dropout: 0,
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

/** The schedule a model is trained with, as its scheduler_config.json: sampled by DPM-Solver++ unless asked otherwise. */
export function trainingScheduler(options: Pick<DiffusionOptions, 'predictionType' | 'betaSchedule'>): SchedulerConfig {
  return parseSchedulerConfig(
    {
      _class_name: 'DDIMScheduler',
      num_train_timesteps: 1000,
      beta_schedule: options.betaSchedule,
      prediction_type: options.predictionType,
      clip_sample: false,
      timestep_spacing: 'trailing',
    },
    'scheduler_config.json',
  );
}

export function diffusionTaskSpec(config: UNet2DConfig, options: DiffusionOptions): TaskSpec {
  const { circular, minSnrGamma } = options;
  return { kind: 'ddpm', config, circular, scheduler: trainingScheduler(options), minSnrGamma };
}

/**
 * A training of a class-conditional denoising diffusion model on standardised latents; run it with
 * `for await (const step of trainer.run(signal))`.
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, algorithm 1; label dropout: Ho & Salimans 2022, arXiv:2207.12598.
 * @param statistics mean and standard deviation of each latent channel, by `latentStatistics`
 * @param start      state to go on from, or weights (PyTorch's layout) to begin with; random ones when absent
 * @param source     where gradients are computed; this thread when absent
 */
export function diffusionTrainer(
  latents: LatentDataset,
  statistics: { mean: number[]; std: number[] },
  config: UNet2DConfig,
  options: DiffusionOptions,
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  const task = createTask(diffusionTaskSpec(config, options));
  const initial = start ?? initialWeights(unet2dShapes(config), options.seed);
  const all = Int32Array.from(latents.classLabels.keys());
  const nullLabel = (config.num_class_embeds ?? 1) - 1;
  const batchAt = (step: number) => diffusionBatch(latents, statistics, all, nullLabel, options, step);
  return new Trainer(source ?? localGradients(task), batchAt, options, task.isTrained, initial);
}

function diffusionBatch(
  latents: LatentDataset,
  { mean, std }: { mean: number[]; std: number[] },
  all: Int32Array,
  nullLabel: number,
  options: DiffusionOptions,
  step: number,
): Batch {
  const { batchSize, balanced, seed, condDropProb, circular } = options;
  const chosen = batchIndices(all, latents.classLabels, { batchSize, balanced, seed }, step);
  const channels = latents.shape[2];
  const size = latents.mean.length / latents.classLabels.length;
  const shape = [batchSize, ...latents.shape];
  const noise = normals(seed, POSTERIOR_STREAM + step, batchSize * size);
  const x0 = new Float32Array(batchSize * size);
  chosen.forEach((image, i) => {
    for (let j = 0; j < size; j++) {
      const from = image * size + j;
      const z = latents.mean[from]! + latents.std[from]! * noise[i * size + j]!;
      x0[i * size + j] = (z - mean[j % channels]!) / std[j % channels]!;
    }
  });
  if (circular) rollEach(x0, latents.shape, uniforms(seed, ROLL_STREAM + step, 2 * batchSize));
  const dropped = uniforms(seed, DROP_STREAM + step, batchSize);
  const classLabels = chosen.map((image, i) => (dropped[i]! < condDropProb ? nullLabel : latents.classLabels[image]!));
  return {
    x0: { shape, data: x0 },
    eps: { shape, data: normals(seed, EPS_STREAM + step, batchSize * size) },
    t: { shape: [batchSize], data: integers(seed, TIME_STREAM + step, batchSize, 1000) },
    classLabels: { shape: [batchSize], data: classLabels },
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
