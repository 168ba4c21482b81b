// A whole model of a few thousand random weights, for tests: fast, and every part has a say in the picture.
import type { Vocabulary } from '../core/attributes.ts';
import { type Frame, parseFrames } from '../core/frames.ts';
import type { NumValues } from '../core/pixels.ts';
import type { StudentFacts } from '../core/sampleDefaults.ts';
import { formatSchedulerConfig, parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { formatAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { conditionalVaeShapes } from '../networks/conditionalVae.ts';
import { conditioningShapes } from '../networks/conditioning.ts';
import { attributeKinds, conditioningConfig } from '../networks/conditioningConfig.ts';
import { type NoisyClassifierConfig, noisyClassifierShapes } from '../networks/noisyClassifier.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import { formatUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import { timeChannels } from '../networks/unet2dEmbedding.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { type GenerateOptions, generate } from '../sampling/generate.ts';
import { createModel, type DiffusionModel } from '../sampling/model.ts';
import type { ClassifierFiles } from '../weights/classifierFolder.ts';
import { modelFolderFiles } from '../weights/modelFolderFiles.ts';
import { FIGMENT_DEFAULTS } from '../weights/modelIndex.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { randomWeights, tinyCvaeConfig, tinyPatches, tinyUNetConfig, tinyVaeConfig } from './tinyNetworks.ts';

export interface TinyModelOptions {
  kind?: string; // what it draws
  labels?: string[];
  sizePx?: number; // a multiple of 4; width and height, of a frame
  heightPx?: number | null; // a multiple of 4; null: sizePx
  frames?: readonly Frame[] | null;
  circularPadding?: boolean;
  channels?: NumValues; // of the pictures
  patchSize?: 1 | 2; // with 2 the auto-encoder has patches instead of its second level
  seed?: number; // uint32, of the weights
  attributes?: Vocabulary | null; // of a U-Net that takes a vector for label and attributes; null: it takes the label
  cvae?: boolean; // a VAE beside it that makes pictures in one step
  student?: boolean; // a U-Net that was distilled, beside its teacher
  positions?: boolean; // U-Nets that know the places of a tile
}

export const TINY_MODEL_DEFAULTS: Required<TinyModelOptions> = {
  kind: FIGMENT_DEFAULTS.kind,
  labels: ['elf', 'goblin', 'orc'],
  sizePx: 16,
  heightPx: null,
  frames: null,
  circularPadding: false,
  channels: 4,
  patchSize: 1,
  seed: 1,
  attributes: null,
  cvae: false,
  student: false,
  positions: false,
};

/** What the tiny student has learned. */
export const TINY_STUDENT: StudentFacts = {
  stepCounts: [1, 2, 4],
  guidanceScale: [1, 5],
  teacher: { sampler: 'dpm++', numInferenceSteps: 3, guidanceScale: 3 },
};

/** The frames of a subject that stands, and walks to the left. */
export const TINY_FRAMES: readonly Frame[] = parseFrames([
  { direction: 'down', frame: 'stand' },
  { direction: 'left', frame: 0 },
  { direction: 'left', frame: 1, durationMs: 150 },
]);

/**
 * The files of a model, RGBA with premultiplied alpha unless told otherwise, whose latents are half as wide and high as its
 * images.
 *
 *   const model = createModel(tinyModelFiles());
 */
export function tinyModelFiles(options: TinyModelOptions = {}): ModelFiles {
  const all = { ...TINY_MODEL_DEFAULTS, ...options };
  const { labels, channels, patchSize, seed, attributes, cvae, student, sizePx } = all;
  const unetConfig = unetConfigOf(all);
  const vaeConfig = tinyVaeConfig({ sample_size: sizePx, ...tinyPatches(channels, patchSize) });
  const cvaeConfig = tinyCvaeConfig({
    num_labels: labels.length,
    in_channels: channels,
    sample_size: [heightOf(all), sizePx],
    block_out_channels: [8],
    attributes: attributeKinds(attributes ?? {}),
  });
  return {
    index: indexOf(all),
    unetConfig: formatUNet2DConfig(unetConfig),
    unet: randomWeights(unet2dShapes(unetConfig), seed),
    ...((attributes || student) && tinyConditioning(unetConfig, labels.length, attributes ?? {}, seed + 3, student)),
    ...(student && {
      teacherConfig: formatUNet2DConfig(unetConfig),
      teacher: randomWeights(unet2dShapes(unetConfig), seed + 4),
    }),
    vaeConfig: formatAutoencoderKlConfig(vaeConfig),
    vae: randomWeights(autoencoderKlShapes(vaeConfig), seed + 1),
    schedulerConfig: schedulerConfigOf(all),
    cvaeConfig: cvae ? { _class_name: 'ClassConditionalVae', ...cvaeConfig } : undefined,
    cvae: cvae ? randomWeights(conditionalVaeShapes(cvaeConfig), seed + 2) : new Map(),
    hash: 'tiny',
  };
}

type AllOptions = Required<TinyModelOptions>;

const heightOf = ({ heightPx, sizePx }: AllOptions) => heightPx ?? sizePx;

function indexOf(all: AllOptions): ModelFiles['index'] {
  const { kind, labels, sizePx, channels, circularPadding, attributes, student, frames } = all;
  return {
    _class_name: 'ClassConditionalLatentDiffusionPipeline',
    labels,
    figment: {
      version: 1,
      name: 'tiny',
      ...structuredClone(FIGMENT_DEFAULTS),
      kind,
      widthPx: (frames?.length ?? 1) * sizePx,
      heightPx: heightOf(all),
      channels,
      premultipliedAlpha: channels === 4,
      circularPadding,
      sampleDefaults: { sampler: 'ddim', numInferenceSteps: student ? 4 : 3, guidanceScale: 2 },
      ...(frames && { frames }),
      ...(attributes && { attributes }),
      ...(student && { student: TINY_STUDENT }),
    },
  };
}

function unetConfigOf(all: AllOptions): UNet2DConfig {
  const { labels, sizePx, attributes, student, frames, positions } = all;
  const heightPx = heightOf(all);
  const channels = 4 * (frames?.length ?? 1);
  const classes =
    attributes || student
      ? { class_embed_type: 'identity' as const, num_class_embeds: null }
      : { num_class_embeds: labels.length + 1 };
  return tinyUNetConfig({
    ...classes,
    sample_size: heightPx === sizePx ? sizePx / 2 : [heightPx / 2, sizePx / 2],
    in_channels: channels,
    out_channels: channels,
    position_embedding: positions,
  });
}

function schedulerConfigOf({ student }: AllOptions) {
  const scheduler = {
    _class_name: 'DDIMScheduler',
    beta_schedule: 'squaredcos_cap_v2',
    clip_sample: false,
    timestep_spacing: student ? 'trailing' : 'leading',
    prediction_type: student ? 'v_prediction' : 'epsilon',
  };
  return formatSchedulerConfig(parseSchedulerConfig(scheduler, 'the tiny model'));
}

function tinyConditioning(
  unet: UNet2DConfig,
  numLabels: number,
  attributes: Vocabulary,
  seed: number,
  isStudent: boolean,
) {
  const told = { step_counts: TINY_STUDENT.stepCounts, guidance_scale: TINY_STUDENT.guidanceScale };
  const config = conditioningConfig(timeChannels(unet), numLabels, attributes, isStudent ? told : undefined);
  return {
    conditioningConfig: { _class_name: 'FigmentConditioning', ...config },
    conditioning: randomWeights(conditioningShapes(config), seed),
  };
}

/** The same model as the files of its folder, path → bytes, for tests that load one from a URL, a disk or memory. */
export function tinyModelFolder(options: TinyModelOptions = {}): Promise<Record<string, Uint8Array>> {
  return modelFolderFiles(tinyModelFiles(options));
}

const TINY_CLASSIFIER_CONFIG: NoisyClassifierConfig = {
  in_channels: 4,
  num_labels: 2,
  block_out_channels: [8, 16],
  time_embedding_dim: 16,
  norm_num_groups: 4,
  norm_eps: 1e-5,
  circular_padding: false,
};

/** The files of a classifier, untrained, of the tiny model's latents. */
export function tinyClassifierFiles(labels: string[] = ['hat', 'no_hat'], seed = 8): ClassifierFiles {
  const config = { ...TINY_CLASSIFIER_CONFIG, num_labels: labels.length };
  return {
    index: {
      labels,
      figment: {
        version: 1,
        name: 'tiny-hat',
        licence: 'CC0-1.0',
        attribution: '',
        model: { name: 'tiny', vaeSha256: null },
        scheduler: tinyModelFiles().schedulerConfig as Record<string, unknown>,
        sha256: null,
      },
    },
    config,
    weights: randomWeights(noisyClassifierShapes(config), seed),
    hash: `tiny-hat-${seed}`,
  };
}

// Pictures of the tiny model, for tests of sampling.

export const ELF: PictureOptions & { seed: number } = { label: 'elf', seed: 7 };
export const ORC: PictureOptions & { seed: number } = { label: 'orc', seed: 7 };
export const GOBLIN: PictureOptions & { seed: number } = { label: 'goblin', seed: 4_294_967_295 };

/** Largest difference between the bytes of two pictures, of the same size. */
export function difference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) throw new Error(`difference: pictures of ${a.length} and ${b.length} bytes`);
  return a.reduce((top, value, i) => Math.max(top, Math.abs(value - b[i]!)), 0);
}

/** Runs with a model, which is disposed afterwards. */
export async function withModel<T>(
  run: (model: DiffusionModel) => Promise<T>,
  options: TinyModelOptions = {},
): Promise<T> {
  const model = createModel(tinyModelFiles(options));
  try {
    return await run(model);
  } finally {
    model.dispose();
  }
}

export function makePictures(requests: PictureOptions[], options: GenerateOptions = {}): Promise<Uint8Array[]> {
  return withModel((model) => generate(model, requests, options));
}
