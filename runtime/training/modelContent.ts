import { numFramesOf } from '../core/frames.ts';
import type { SampleDefaults } from '../core/sampleDefaults.ts';
import { examplesOfImages, vocabularyOf } from '../dataset/attributeColumns.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { formatSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { type AutoencoderKlConfig, formatAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { LatentStatistics } from '../networks/latentScaling.ts';
import { formatUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { ModelContent } from '../weights/modelParts.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { splitConditioning } from './conditionedNetwork.ts';
import { type DiffusionOptions, trainingScheduler } from './trainDiffusion.ts';

/** A network and its weights in PyTorch's layout. */
export interface TrainedNetwork<Config> {
  config: Config;
  weights: ReadonlyMap<string, WeightTensor>;
}

/** Up to this size pictures with alpha are taken for pixel art, which is enlarged without blur. */
const MAX_PIXEL_ART_PX = 64;

/** So many sheets of attributes are a small part of a model's bytes, and more than a game has characters of a kind. */
const EXAMPLES_PER_LABEL = 100;

const LATENT_DEFAULTS: SampleDefaults = { sampler: 'dpm++', numInferenceSteps: 20, guidanceScale: 2 };

/** DDIM clips what it predicts to what pixels can be. */
const PIXEL_DEFAULTS: SampleDefaults = { sampler: 'ddim', numInferenceSteps: 50, guidanceScale: 2 };

/**
 * The model that a training has come to, for `modelFolderFiles`: named, licensed and labelled as its data set is.
 *
 * @param vae        the auto-encoder whose latents the U-Net was trained on; null for pixels
 * @param statistics what the latents were standardised by, from `latentStatistics`
 * @param unet       with the weights of the conditioning, if any, as they were trained together
 * @param images     those that it was trained on, which the model's examples are of
 */
export function modelContent(
  dataset: Dataset,
  vae: TrainedNetwork<AutoencoderKlConfig> | null,
  statistics: LatentStatistics,
  unet: TrainedNetwork<UNet2DConfig>,
  options: Pick<DiffusionOptions, 'predictionType' | 'betaSchedule' | 'circular' | 'conditioning'>,
  images: ArrayLike<number>,
): ModelContent {
  const { name, labels, licence, attribution, widthPx, heightPx, channels, frames } = dataset;
  const weights = splitConditioning(unet.weights);
  const scheduler = formatSchedulerConfig({ ...trainingScheduler(options), clipSample: vae === null });
  // Instead of what the auto-encoder's latents were scaled by before, such as the 0.18215 of Stable Diffusion's.
  const latents = { latents_mean: statistics.mean, latents_std: statistics.std, scaling_factor: 1, shift_factor: null };
  return {
    index: {
      _class_name: 'ClassConditionalLatentDiffusionPipeline',
      unet: ['diffusers', 'UNet2DModel'],
      ...(vae && { vae: ['diffusers', 'AutoencoderKL'] }),
      scheduler: ['diffusers', String(scheduler._class_name)],
      labels,
      figment: {
        version: 1,
        name,
        kind: name,
        licence,
        attribution,
        widthPx: widthPx * numFramesOf(dataset),
        heightPx,
        channels,
        premultipliedAlpha: channels === 4,
        pixelArt: widthPx <= MAX_PIXEL_ART_PX && channels === 4,
        circularPadding: options.circular,
        sampleDefaults: vae ? LATENT_DEFAULTS : PIXEL_DEFAULTS,
        ...(frames && { frames: [...frames] }),
        ...(options.conditioning && {
          attributes: vocabularyOf(dataset.attributes),
          examples: examplesOfImages(dataset, images, EXAMPLES_PER_LABEL),
        }),
        sha256: {},
      },
    },
    unetConfig: formatUNet2DConfig(unet.config),
    unet: weights.unet,
    ...(options.conditioning && {
      conditioningConfig: { _class_name: 'FigmentConditioning', ...options.conditioning },
      conditioning: weights.conditioning,
    }),
    ...(vae && { vaeConfig: formatAutoencoderKlConfig({ ...vae.config, ...latents }), vae: vae.weights }),
    schedulerConfig: scheduler,
  };
}
