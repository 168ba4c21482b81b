// The diffusion models of the study: small U-Nets on the latents of the shipped model's auto-encoder.
import path from 'node:path';
import {
  DIFFUSION_DEFAULTS,
  type DiffusionModel,
  type DiffusionOptions,
  defaultUNetConfig,
  diffusionTrainer,
  downloadWeights,
  encodeDataset,
  type LatentDataset,
  localEncoder,
  trainingScheduler,
  type UNet2DConfig,
} from '../../runtime/index.ts';
import { letEventsIn } from '../node/interrupt.ts';
import { latentKey, readLatents, writeLatents } from '../node/latentCache.ts';
import type { StudyContext } from './part.ts';
import { trainNetwork } from './trainNetwork.ts';

/** What the study varies. */
export type UNetChoice = Pick<DiffusionOptions, 'betaSchedule' | 'predictionType'>;

/** How the shipped models are trained. */
export const USUAL_CHOICE: UNetChoice = { betaSchedule: 'squaredcos_cap_v2', predictionType: 'v_prediction' };

/** Many small steps, since training lasts only minutes. */
const OPTIONS: DiffusionOptions = {
  ...DIFFUSION_DEFAULTS,
  seed: 1,
  batchSize: 32,
  microBatchSize: 32,
  numWarmupSteps: 50,
  emaDecay: 0.995,
};

export interface StudyModel {
  model: DiffusionModel;
  /** Training images seen. */
  numImages: number;
}

/** The shipped model with a U-Net and a schedule of the study's own; the caller disposes it. */
export async function studyModel(
  context: StudyContext,
  choice: UNetChoice,
  onProgress: (share: number) => void,
): Promise<StudyModel> {
  const { model: shipped, dataset } = context;
  const options = { ...OPTIONS, ...choice };
  const { latents_mean: mean, latents_std: std } = shipped.vae!.config;
  if (!mean || !std)
    throw new Error('study: the model has no latents_mean and latents_std; train it with figment train');
  const latents = await latentsOf(context);
  const config = smallConfig(latents, dataset.labels.length);
  const plan = {
    name: `unet-${choice.betaSchedule}-${choice.predictionType}`,
    kind: 'unet',
    settings: { config, options, vae: shipped.hash },
    trainer: (numSteps: number) => diffusionTrainer(latents, { mean, std }, config, { ...options, numSteps }),
  };
  const { weights, numSteps } = await trainNetwork(context, plan, onProgress);
  const model: DiffusionModel = {
    ...shipped,
    unet: { config, weights },
    scheduler: trainingScheduler(choice),
    dispose: () => {
      for (const tensor of Object.values(weights)) tensor.dispose();
    },
  };
  return { model, numImages: numSteps * options.batchSize };
}

/** A seventh of the default's work. */
function smallConfig(latents: LatentDataset, numLabels: number): UNet2DConfig {
  return {
    ...defaultUNetConfig(latents, numLabels),
    block_out_channels: [32, 64],
    layers_per_block: 1,
    attention_head_dim: 16,
  };
}

/** The training images' latents: encoded once, then read. */
async function latentsOf({ model, dataset, training, work }: StudyContext): Promise<LatentDataset> {
  const vae = { config: model.vae!.config, weights: await downloadWeights(model.vae!.weights) };
  const settings = { circular: false, isShifted: false, flip: false };
  const key = latentKey({ dataset, indices: training, vae, ...settings, backend: 'any' });
  const folder = path.join(work, 'latents');
  const stored = await readLatents(folder, key);
  if (stored) return stored;
  const encoder = localEncoder({ ...vae, circular: false });
  try {
    const latents = await encodeDataset(dataset, training, vae.config, [encoder], settings, letEventsIn);
    await writeLatents(folder, key, latents);
    return latents;
  } finally {
    encoder.dispose();
  }
}
