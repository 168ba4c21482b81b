// What a model folder holds, and in which files.
import { VAE_WEIGHTS_FILE, WEIGHTS_FILE } from '../core/fileNames.ts';
import type { ModelIndex } from './modelIndex.ts';
import type { WeightTensor } from './weightTensor.ts';

/**
 * `decoder` is what of the `vae` makes pictures of latents; folders whose index does not say where it ends give all of the `vae`.
 * Optional in a folder are `cvae`, a VAE that makes pictures in one step, and `teacher`, the U-Net of which that in unet/ is the student.
 */
export type ModelPart = 'unet' | 'vae' | 'decoder' | 'scheduler' | 'cvae' | 'teacher';

/** The parts that a model needs to make a picture of a label and attributes; one that begins with a picture needs all of `vae`. */
export const PAINTING_PARTS: readonly ModelPart[] = ['unet', 'decoder', 'scheduler'];

/** A model folder's content; the parts that were not asked for are undefined and empty. */
export interface ModelContent {
  index: ModelIndex;
  unetConfig?: unknown;
  unet?: ReadonlyMap<string, WeightTensor>; // PyTorch's layout
  vaeConfig?: unknown;
  vae?: ReadonlyMap<string, WeightTensor>;
  schedulerConfig?: unknown;
  cvaeConfig?: unknown;
  cvae?: ReadonlyMap<string, WeightTensor>;
  teacherConfig?: unknown;
  teacher?: ReadonlyMap<string, WeightTensor>;
  /** Present where the U-Net's class_embed_type is `identity`. */
  conditioningConfig?: unknown;
  conditioning?: ReadonlyMap<string, WeightTensor>;
}

export interface ModelFiles extends ModelContent {
  unetConfig: unknown;
  unet: Map<string, WeightTensor>;
  vaeConfig: unknown;
  /** Of the part `decoder` those of the decoder alone, where the index says how far they reach. */
  vae: Map<string, WeightTensor>;
  schedulerConfig: unknown;
  cvaeConfig: unknown;
  cvae: Map<string, WeightTensor>;
  teacherConfig?: unknown;
  teacher?: Map<string, WeightTensor>;
  conditioningConfig?: unknown;
  conditioning?: Map<string, WeightTensor>;
  hash: string; // sha-256 over the files read, for caches
  /** What the owner of the folder should know, a sentence each. */
  notes?: readonly string[];
}

export const UNET_CONFIG = 'unet/config.json';
export const UNET_WEIGHTS = `unet/${WEIGHTS_FILE}`;
export const VAE_CONFIG = 'vae/config.json';
export const SCHEDULER_CONFIG = 'scheduler/scheduler_config.json';
export const CVAE_CONFIG = 'cvae/config.json';
export const CVAE_WEIGHTS = `cvae/${WEIGHTS_FILE}`;
export const TEACHER_CONFIG = 'unet_teacher/config.json';
export const TEACHER_WEIGHTS = `unet_teacher/${WEIGHTS_FILE}`;

export const CONDITIONING_CONFIG = 'conditioning/config.json';
export const CONDITIONING_WEIGHTS_FILE = `conditioning/${WEIGHTS_FILE}`;
export const CONDITIONING = [CONDITIONING_CONFIG, CONDITIONING_WEIGHTS_FILE];

export const PATHS: Record<ModelPart, string[]> = {
  unet: [UNET_CONFIG, UNET_WEIGHTS],
  vae: [VAE_CONFIG, VAE_WEIGHTS_FILE],
  decoder: [VAE_CONFIG, VAE_WEIGHTS_FILE],
  scheduler: [SCHEDULER_CONFIG],
  cvae: [CVAE_CONFIG, CVAE_WEIGHTS],
  teacher: [TEACHER_CONFIG, TEACHER_WEIGHTS],
};

/** Whether parts need no more of the auto-encoder than its decoder. */
export function needDecoderAlone(parts: readonly ModelPart[]): boolean {
  return parts.includes('decoder') && !parts.includes('vae');
}
