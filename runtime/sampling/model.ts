import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { parseSchedulerConfig, type SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { type AutoencoderKlConfig, parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import { parseUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import { uploadWeights } from '../networks/weights.ts';
import type { ModelFiles } from '../weights/modelFolder.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import { checkWeights } from '../weights/weightTensor.ts';

/** A class-conditional latent diffusion model on the current backend. */
export interface DiffusionModel {
  readonly index: ModelIndex;
  /** sha-256 of the files it was loaded from. */
  readonly hash: string;
  readonly unet: { config: UNet2DConfig; weights: Record<string, Tensor> };
  readonly vae: { config: AutoencoderKlConfig; weights: Record<string, Tensor> };
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
  const factor = 2 ** (vaeConfig.block_out_channels.length - 1);
  const { widthPx, heightPx } = files.index.figment;
  if (widthPx % factor !== 0 || heightPx % factor !== 0 || unetConfig.in_channels !== vaeConfig.latent_channels) {
    throw new Error(
      `createModel: ${name}: ${widthPx}×${heightPx} px, a VAE of factor ${factor} with ${vaeConfig.latent_channels} channels and a U-Net of ${unetConfig.in_channels} do not fit together`,
    );
  }
  const unet = uploadWeights(files.unet);
  const vae = uploadWeights(files.vae);
  return {
    index: files.index,
    hash: files.hash,
    unet: { config: unetConfig, weights: unet },
    vae: { config: vaeConfig, weights: vae },
    scheduler,
    latentShape: [heightPx / factor, widthPx / factor, vaeConfig.latent_channels],
    dispose: () => dispose([...Object.values(unet), ...Object.values(vae)]),
  };
}
