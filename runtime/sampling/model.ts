import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { forgetRecordings } from '../kernels/plan/recordings.ts';
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { type AutoencoderKlConfig, parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { conditioningShapes } from '../networks/conditioning.ts';
import {
  type ConditioningConfig,
  conditioningConfig,
  parseConditioningConfig,
} from '../networks/conditioningConfig.ts';
import { timeChannels, unet2dShapes } from '../networks/unet2d.ts';
import { parseUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import { uploadWeights } from '../networks/weights.ts';
import type { ModelFiles } from '../weights/modelFolder.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import { checkWeights } from '../weights/weightTensor.ts';

/** A conditional latent diffusion model on the current backend. */
export interface DiffusionModel {
  readonly index: ModelIndex;
  /** sha-256 of the files it was loaded from. */
  readonly hash: string;
  readonly unet: { config: UNet2DConfig; weights: Record<string, Tensor> };
  readonly vae: { config: AutoencoderKlConfig; weights: Record<string, Tensor> };
  /** Turns label and attributes into what the U-Net takes; null: that takes the label. */
  readonly conditioning: { config: ConditioningConfig; weights: Record<string, Tensor> } | null;
  readonly scheduler: SchedulerConfig;
  /** (h, w, c) of the latents of one image. */
  readonly latentShape: readonly [number, number, number];
  dispose(): void;
}

/**
 * Checks a model folder's configs and weights against each other and puts the weights on the current backend.
 *
 * @throws Error naming the file and option or tensor that is wrong; nothing stays allocated then
 */
export function createModel(files: ModelFiles): DiffusionModel {
  const name = files.index.figment.name;
  const unetConfig = parseUNet2DConfig(files.unetConfig, `${name}/unet/config.json`);
  const vaeConfig = parseAutoencoderKlConfig(files.vaeConfig, `${name}/vae/config.json`);
  const scheduler = parseSchedulerConfig(files.schedulerConfig, `${name}/scheduler/scheduler_config.json`);
  checkWeights(files.unet, unet2dShapes(unetConfig), `${name}/unet`);
  checkWeights(files.vae, autoencoderKlShapes(vaeConfig), `${name}/vae`);
  const conditioningConfig = checkConditioning(files, unetConfig);
  const factor = 2 ** (vaeConfig.block_out_channels.length - 1);
  const { widthPx, heightPx } = files.index.figment;
  if (widthPx % factor !== 0 || heightPx % factor !== 0 || unetConfig.in_channels !== vaeConfig.latent_channels) {
    throw new Error(
      `createModel: ${name}: ${widthPx}×${heightPx} px, a VAE of factor ${factor} with ${vaeConfig.latent_channels} channels and a U-Net of ${unetConfig.in_channels} do not fit together`,
    );
  }
  const unet = uploadWeights(files.unet);
  const vae = uploadWeights(files.vae);
  const conditioning = conditioningConfig && {
    config: conditioningConfig,
    weights: uploadWeights(files.conditioning ?? new Map()),
  };
  return {
    index: files.index,
    hash: files.hash,
    unet: { config: unetConfig, weights: unet },
    vae: { config: vaeConfig, weights: vae },
    conditioning,
    scheduler,
    latentShape: [heightPx / factor, widthPx / factor, vaeConfig.latent_channels],
    dispose() {
      forgetRecordings(this);
      dispose([unet, vae, conditioning?.weights ?? {}] as unknown as Tensor[]);
    },
  };
}

/**
 * The conditioning of a model folder; null for a U-Net that takes the label itself.
 *
 * @throws Error when it does not fit the U-Net, the labels or the attributes of the index
 */
function checkConditioning(files: ModelFiles, unet: UNet2DConfig): ConditioningConfig | null {
  const { labels, figment } = files.index;
  if (unet.class_embed_type !== 'identity') {
    if (Object.keys(figment.attributes ?? {}).length === 0) return null;
    throw new Error(
      `${figment.name}/unet/config.json: class_embed_type is ${unet.class_embed_type}; expected "identity", since model_index.json lists attributes`,
    );
  }
  const fileName = `${figment.name}/conditioning/config.json`;
  const config = parseConditioningConfig(files.conditioningConfig, fileName);
  const expected = conditioningConfig(timeChannels(unet), labels.length, figment.attributes ?? {});
  for (const key of ['embedding_dim', 'num_labels'] as const) {
    if (config[key] === expected[key]) continue;
    throw new Error(`${fileName}: ${key} is ${config[key]}; expected ${expected[key]}, as U-Net and labels have`);
  }
  const list = ({ attributes }: ConditioningConfig) => JSON.stringify(Object.entries(attributes));
  if (list(config) !== list(expected)) {
    throw new Error(
      `${fileName}: attributes are ${list(config).slice(0, 150)}; expected those of model_index.json, ${list(expected).slice(0, 150)}`,
    );
  }
  checkWeights(files.conditioning ?? new Map(), conditioningShapes(config), `${figment.name}/conditioning`);
  return config;
}
