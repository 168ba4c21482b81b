// A whole model of a few thousand random weights, for tests: fast, and every part has a say in the picture.
import { formatSchedulerConfig, parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { conditionalVaeShapes } from '../networks/conditionalVae.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import { type ModelFiles, modelFolderFiles } from '../weights/modelFolder.ts';
import { FIGMENT_DEFAULTS } from '../weights/modelIndex.ts';
import { randomWeights, tinyCvaeConfig, tinyUNetConfig, tinyVaeConfig } from './tinyNetworks.ts';

export interface TinyModelOptions {
  labels?: string[];
  sizePx?: number; // even; width and height
  circularPadding?: boolean;
  channels?: 3 | 4;
  seed?: number; // uint32, of the weights
  cvae?: boolean; // a VAE beside it that makes pictures in one step
}

export const TINY_MODEL_DEFAULTS: Required<TinyModelOptions> = {
  labels: ['elf', 'goblin', 'orc'],
  sizePx: 16,
  circularPadding: false,
  channels: 4,
  seed: 1,
  cvae: false,
};

/**
 * The files of a model, RGBA with premultiplied alpha unless told otherwise, whose latents are half as wide and high as its
 * images.
 *
 *   const model = createModel(tinyModelFiles());
 */
export function tinyModelFiles(options: TinyModelOptions = {}): ModelFiles {
  const { labels, sizePx, circularPadding, channels, seed, cvae } = { ...TINY_MODEL_DEFAULTS, ...options };
  const unetConfig = tinyUNetConfig({ num_class_embeds: labels.length + 1, sample_size: sizePx / 2 });
  const vaeConfig = tinyVaeConfig({ sample_size: sizePx, in_channels: channels, out_channels: channels });
  const cvaeConfig = tinyCvaeConfig({
    num_labels: labels.length,
    in_channels: channels,
    sample_size: [sizePx, sizePx],
    block_out_channels: [8],
  });
  const scheduler = { _class_name: 'DDIMScheduler', beta_schedule: 'squaredcos_cap_v2', clip_sample: false };
  return {
    index: {
      _class_name: 'ClassConditionalLatentDiffusionPipeline',
      labels,
      figment: {
        version: 1,
        name: 'tiny',
        ...structuredClone(FIGMENT_DEFAULTS),
        widthPx: sizePx,
        heightPx: sizePx,
        channels,
        premultipliedAlpha: channels === 4,
        circularPadding,
        sampleDefaults: { sampler: 'ddim', numInferenceSteps: 3, guidanceScale: 2 },
      },
    },
    unetConfig: { _class_name: 'UNet2DModel', ...unetConfig },
    unet: randomWeights(unet2dShapes(unetConfig), seed),
    vaeConfig: { _class_name: 'AutoencoderKL', ...vaeConfig },
    vae: randomWeights(autoencoderKlShapes(vaeConfig), seed + 1),
    schedulerConfig: formatSchedulerConfig(parseSchedulerConfig(scheduler, 'the tiny model')),
    cvaeConfig: cvae ? { _class_name: 'ClassConditionalVae', ...cvaeConfig } : undefined,
    cvae: cvae ? randomWeights(conditionalVaeShapes(cvaeConfig), seed + 2) : new Map(),
    hash: 'tiny',
  };
}

/** The same model as the files of its folder, path → bytes, for tests that load one from a URL, a disk or memory. */
export function tinyModelFolder(options: TinyModelOptions = {}): Promise<Record<string, Uint8Array>> {
  return modelFolderFiles(tinyModelFiles(options));
}
