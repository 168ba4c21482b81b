import { dispose, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { messageOf } from '../core/errors.ts';
import { numFramesOf } from '../core/frames.ts';
import { probeGroups } from '../core/linearProbe.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { forgetRecordings } from '../kernels/plan/recordings.ts';
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import {
  type AutoencoderKlConfig,
  parseAutoencoderKlConfig,
  pixelChannels,
  pixelsPerLatent,
} from '../networks/autoencoderKlConfig.ts';
import { conditioningShapes } from '../networks/conditioning.ts';
import {
  type ConditioningConfig,
  conditioningConfig,
  parseConditioningConfig,
} from '../networks/conditioningConfig.ts';
import { type Corrector, createCorrector } from '../networks/corrector.ts';
import { sizeUnit, unet2dShapes } from '../networks/unet2d.ts';
import { attentionLevel, parseUNet2DConfig, sizeOfPlaces, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import { timeChannels } from '../networks/unet2dEmbedding.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { ofDecoder, ofEncoder } from '../weights/decoderWeights.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { checkWeights } from '../weights/weightTensor.ts';
import type { Elsewhere } from './elsewhere.ts';

/** A diffusion model of latents or of pixels on the current backend. */
export interface DiffusionModel {
  readonly index: ModelIndex;
  /** sha-256 of the files it was loaded from. */
  readonly hash: string;
  readonly unet: { config: UNet2DConfig; weights: Record<string, Tensor> };
  /** Between pictures and latents, or from latents to pictures alone, see `addEncoder`; null: the model makes pixels. */
  readonly vae: { config: AutoencoderKlConfig; weights: Record<string, Tensor> } | null;
  /** Turns label and attributes into what the U-Net takes; null: that takes the label. */
  readonly conditioning: { config: ConditioningConfig; weights: Record<string, Tensor> } | null;
  /** Corrects latents towards what is asked for; null: they are decoded as they are. */
  readonly corrector: Corrector | null;
  /** Stands for the networks in pictures of the model's own size; absent: they compute here. */
  readonly elsewhere?: Elsewhere;
  readonly scheduler: SchedulerConfig;
  /**
   * (h, w, c) of the latents of one image; for a model of pixels, of the image. Of F frames (h, w, F · c): those of the
   * frames are stacked along channels.
   */
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
  const vaeConfig = files.vaeConfig ? parseAutoencoderKlConfig(files.vaeConfig, `${name}/vae/config.json`) : null;
  const scheduler = parseSchedulerConfig(files.schedulerConfig, `${name}/scheduler/scheduler_config.json`);
  checkWeights(files.unet, unet2dShapes(unetConfig), `${name}/unet`);
  if (vaeConfig) checkVae(files.vae, vaeConfig, name);
  const ownConditioning = checkConditioning(files, unetConfig);
  const latentShape = checkLatents(files.index, unetConfig, vaeConfig);
  if (vaeConfig) checkImageChannels(files.index, vaeConfig);
  checkRegions(files.index, latentShape);
  checkLatentSize('createModel', name, latentShape, unetConfig);
  checkAttendedSize('createModel', name, latentShape, unetConfig, vaeConfig);
  const corrector = correctorOf(files.index, latentShape);
  const unet = uploadWeights(files.unet);
  const vae = vaeConfig && { config: vaeConfig, weights: uploadWeights(files.vae) };
  const conditioning = ownConditioning && {
    config: ownConditioning,
    weights: uploadWeights(files.conditioning ?? new Map()),
  };
  return {
    index: files.index,
    hash: files.hash,
    unet: { config: unetConfig, weights: unet },
    vae,
    conditioning,
    corrector,
    scheduler,
    latentShape,
    dispose() {
      const others = [conditioning?.weights ?? {}, corrector ?? {}];
      for (const owner of [this, ...others]) forgetRecordings(owner);
      dispose([unet, vae?.weights ?? {}, ...others] as unknown as Tensor[]);
    },
  };
}

/** @throws ModelFileError for weights that are neither an auto-encoder's nor those of its decoder alone */
function checkVae(vae: ModelFiles['vae'], config: AutoencoderKlConfig, name: string): void {
  const shapes = autoencoderKlShapes(config);
  checkWeights(vae, ofEncoder(vae).size > 0 ? shapes : ofDecoder(shapes), `${name}/vae`);
}

function correctorOf({ labels, figment }: ModelIndex, latentShape: DiffusionModel['latentShape']): Corrector | null {
  const { name, probe, attributes = {} } = figment;
  if (!probe) return null;
  try {
    return createCorrector(probe, probeGroups(labels.length, attributes), latentShape);
  } catch (error) {
    throw new Error(`createModel: ${name}: ${messageOf(error)}`);
  }
}

/** (h, w, c) of what the U-Net makes. @throws Error when it does not fit the VAE or the size of the pictures */
function checkLatents(
  { figment }: ModelIndex,
  unet: UNet2DConfig,
  vae: AutoencoderKlConfig | null,
): DiffusionModel['latentShape'] {
  const { name, heightPx } = figment;
  const numFrames = numFramesOf(figment);
  const widthPx = figment.widthPx / numFrames;
  const [factor, channels] = vae ? [pixelsPerLatent(vae), vae.latent_channels] : [1, figment.channels];
  const fits = widthPx % factor === 0 && heightPx % factor === 0;
  const stacked = numFrames * channels;
  if (fits && unet.in_channels === stacked && unet.out_channels === stacked) {
    return [heightPx / factor, widthPx / factor, stacked];
  }
  const made = vae ? `a VAE of factor ${factor} with ${channels} channels` : `pixels of ${channels} channels`;
  const given = `a U-Net of ${unet.in_channels} to ${unet.out_channels}`;
  const frames = figment.frames ? `${numFrames} frames of ` : '';
  throw new Error(`createModel: ${name}: ${frames}${widthPx}×${heightPx} px, ${made} and ${given} do not fit together`);
}

/** @throws Error when a region is not of as many cells as the latents */
function checkRegions({ figment }: ModelIndex, [height, width]: DiffusionModel['latentShape']): void {
  for (const [attribute, rows] of Object.entries(figment.regions ?? {})) {
    if (rows.length === height && rows[0]!.length === width) continue;
    throw new Error(
      `createModel: ${figment.name}: its region of ${attribute} has ${rows[0]!.length}×${rows.length} cells; expected ${width}×${height}, as its latents have; make it again by figment regions`,
    );
  }
}

/** @throws Error when a U-Net knows the places of latents of another size, or cannot halve them as often as it has levels to go down */
export function checkLatentSize(
  operation: string,
  name: string,
  [height, width]: DiffusionModel['latentShape'],
  unet: UNet2DConfig,
): void {
  const [rows, columns] = sizeOfPlaces(unet) ?? [height, width];
  if (rows !== height || columns !== width) {
    throw new Error(
      `${operation}: ${name}: the U-Net knows the places of ${columns}×${rows} latents; expected ${width}×${height}`,
    );
  }
  const unit = sizeUnit(unet);
  if (height % unit === 0 && width % unit === 0) return;
  throw new Error(
    `${operation}: ${name}: a U-Net of ${unet.block_out_channels.length} levels cannot halve latents of ${width}×${height}; expected multiples of ${unit}, by pictures of another size or a U-Net of fewer levels`,
  );
}

function checkImageChannels({ figment }: ModelIndex, config: AutoencoderKlConfig): void {
  const pixel = pixelChannels(config);
  if (pixel.in === figment.channels && pixel.out === figment.channels) return;
  const { in_channels, out_channels, patch_size } = config;
  const patches = patch_size === 1 ? '' : ` for patches of ${patch_size}×${patch_size} pixels`;
  throw new Error(
    `createModel: ${figment.name}: model_index.json has ${figment.channels} channels, but vae/config.json in_channels ${in_channels} and out_channels ${out_channels}${patches}; expected the same number of each; take both files from one model`,
  );
}

/** Places that attend to each other at most: their number enters the time of a layer squared. */
const MAX_ATTENDED = 128 ** 2;

/**
 * @param unet null where it has been checked, as of larger pictures, which it sees tile by tile
 * @param vae  null where it has been checked
 * @throws     Error when blocks with attention see more places than that
 */
export function checkAttendedSize(
  operation: string,
  name: string,
  [height, width]: readonly [number, number, number],
  unet: UNet2DConfig | null,
  vae: AutoencoderKlConfig | null,
): void {
  const level = unet && attentionLevel(unet);
  const sizes = [vae?.mid_block_add_attention ? height * width : 0, level === null ? 0 : (height * width) / 4 ** level];
  const most = Math.max(...sizes);
  if (most <= MAX_ATTENDED) return;
  throw new Error(
    `${operation}: ${name}: attention among ${most} places takes minutes a layer; expected at most ${MAX_ATTENDED}, by smaller pictures or attention on lower levels`,
  );
}

/**
 * The conditioning of a model folder; null for a U-Net that takes the label itself.
 *
 * @throws Error when it does not fit the U-Net, the labels or the attributes of the index
 */
function checkConditioning(files: ModelFiles, unet: UNet2DConfig): ConditioningConfig | null {
  const { labels, figment } = files.index;
  if (unet.class_embed_type !== 'identity') {
    const lists = Object.keys(figment.attributes ?? {}).length > 0 ? 'attributes' : 'a student';
    if (lists === 'a student' && !figment.student) return null;
    throw new Error(
      `${figment.name}/unet/config.json: class_embed_type is ${unet.class_embed_type}; expected "identity", since model_index.json lists ${lists}`,
    );
  }
  const fileName = `${figment.name}/conditioning/config.json`;
  const config = parseConditioningConfig(files.conditioningConfig, fileName);
  const { student } = figment;
  const expected = conditioningConfig(
    timeChannels(unet),
    labels.length,
    figment.attributes ?? {},
    student && { step_counts: student.stepCounts, guidance_scale: student.guidanceScale },
  );
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
  const told = ({ student }: ConditioningConfig) => JSON.stringify(student) ?? 'nothing';
  if (told(config) !== told(expected)) {
    throw new Error(
      `${fileName}: what a student is told is ${told(config).slice(0, 150)}; expected ${told(expected).slice(0, 150)}, as figment.student of model_index.json says`,
    );
  }
  checkWeights(files.conditioning ?? new Map(), conditioningShapes(config), `${figment.name}/conditioning`);
  return config;
}

/** What stands for the networks where latents are of the model's own size. */
export function elsewhereOf({ elsewhere, latentShape }: DiffusionModel, latents: Tensor4D): Elsewhere | undefined {
  return latents.shape[1] === latentShape[0] && latents.shape[2] === latentShape[1] ? elsewhere : undefined;
}
