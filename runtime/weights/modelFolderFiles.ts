// A model folder as it is written.

import { formatExamples } from '../core/attributeExamples.ts';
import { channelNames, MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { definedOf } from '../core/definedOf.ts';
import { encodeJson } from '../core/encodeJson.ts';
import { INDEX_FILE, VAE_WEIGHTS_FILE } from '../core/fileNames.ts';
import { formatGrain } from '../core/grain.ts';
import { formatProbe } from '../core/linearProbe.ts';
import { formatPalette } from '../core/palettePrior.ts';
import { findDecoder, isOfDecoder } from './decoderWeights.ts';
import type { ModelIndex } from './modelIndex.ts';
import {
  CONDITIONING_CONFIG,
  CONDITIONING_WEIGHTS_FILE,
  CVAE_CONFIG,
  CVAE_WEIGHTS,
  type ModelContent,
  SCHEDULER_CONFIG,
  TEACHER_CONFIG,
  TEACHER_WEIGHTS,
  UNET_CONFIG,
  UNET_WEIGHTS,
  VAE_CONFIG,
} from './modelParts.ts';
import { digestFiles } from './modelSource.ts';
import type { WeightTensor } from './weightTensor.ts';
import { writeSafetensors } from './writeSafetensors.ts';

export interface ModelFolderFilesOptions {
  dtype?: 'F32' | 'F16';
}

export const MODEL_FOLDER_FILES_DEFAULTS: Required<ModelFolderFilesOptions> = { dtype: 'F32' };

/**
 * The files of a model folder, path → bytes, which `loadModelFolder` and diffusers read. model_index.json holds the
 * others' sha-256 and how far the decoder reaches into the auto-encoder's file; it comes last, so that a folder written half is
 * found out.
 * @throws RangeError naming a tensor that cannot be stored: see `writeSafetensors`
 */
export async function modelFolderFiles(
  model: ModelContent,
  options: ModelFolderFilesOptions = {},
): Promise<Record<string, Uint8Array>> {
  const { dtype } = { ...MODEL_FOLDER_FILES_DEFAULTS, ...definedOf(options) };
  const files = new Map<string, Uint8Array>();
  const addConfig = (path: string, config: unknown) => {
    if (config !== undefined) files.set(path, encodeJson(config));
  };
  const addWeights = (path: string, weights: ReadonlyMap<string, WeightTensor> = new Map()) => {
    const isFirst = path === VAE_WEIGHTS_FILE ? isOfDecoder : undefined;
    if (weights.size > 0) files.set(path, writeSafetensors(weights, { dtype, metadata: { format: 'pt' }, isFirst }));
  };
  addConfig(UNET_CONFIG, model.unetConfig);
  addWeights(UNET_WEIGHTS, model.unet);
  addConfig(VAE_CONFIG, model.vaeConfig);
  addWeights(VAE_WEIGHTS_FILE, model.vae);
  addConfig(SCHEDULER_CONFIG, model.schedulerConfig);
  addConfig(CVAE_CONFIG, model.cvaeConfig);
  addWeights(CVAE_WEIGHTS, model.cvae);
  addConfig(TEACHER_CONFIG, model.teacherConfig);
  addWeights(TEACHER_WEIGHTS, model.teacher);
  addConfig(CONDITIONING_CONFIG, model.conditioningConfig);
  addWeights(CONDITIONING_WEIGHTS_FILE, model.conditioning);
  const sha256 = Object.fromEntries(await digestFiles(files));
  const vae = files.get(VAE_WEIGHTS_FILE);
  const decoder = vae ? await findDecoder(vae, VAE_WEIGHTS_FILE) : model.index.figment.decoder;
  addConfig(INDEX_FILE, storedIndex({ ...model.index, figment: { ...model.index.figment, decoder, sha256 } }));
  return Object.fromEntries(files);
}

/** The index as model_index.json has it: channels of materials by name, examples, palette, probe and grain as text. */
export function storedIndex(index: ModelIndex): object {
  const { examples, palette, probe, grain, sha256, ...figment } = index.figment;
  const text = examples && formatExamples(examples, index.labels.length, figment.attributes ?? {});
  return {
    ...index,
    figment: {
      ...figment,
      ...(figment.channels === MATERIAL_CHANNELS && { channels: channelNames(figment.channels) }),
      ...(text !== undefined && { examples: text }),
      ...(palette && { palette: formatPalette(palette) }),
      ...(probe && { probe: formatProbe(probe) }),
      ...(grain && { grain: formatGrain(grain) }),
      sha256,
    },
  };
}
