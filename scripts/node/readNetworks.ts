import { join } from 'node:path';
import { WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import {
  type AutoencoderKlConfig,
  type ConditionalVaeConfig,
  type ConditioningConfig,
  loadModelFolder,
  MissingFileError,
  type ModelIndex,
  type ModelSource,
  parseAutoencoderKlConfig,
  parseConditionalVaeConfig,
  parseConditioningConfig,
  parseConfig,
  parseSafetensors,
  parseSchedulerConfig,
  parseUNet2DConfig,
  type SchedulerConfig,
  type UNet2DConfig,
  type WeightTensor,
} from '../../runtime/index.ts';
import { diskSource } from './diskSource.ts';
import { UsageError } from './usageError.ts';
import { isWholeModel, readWholeModel } from './wholeModel.ts';

export interface NetworkFiles<Config> {
  config: Config;
  /** In PyTorch's layout. */
  weights: Map<string, WeightTensor>;
}

/** Reads vae/ of a run or model folder. */
export function readVae(dir: string): Promise<NetworkFiles<AutoencoderKlConfig>> {
  return readNetwork(join(dir, 'vae'), parseAutoencoderKlConfig);
}

/** Reads unet/ of a run, or the U-Net of a model folder, whoever wrote that; of a distilled model that of its teacher. */
export async function readUNet(dir: string): Promise<NetworkFiles<UNet2DConfig>> {
  if (!isWholeModel(dir)) return readNetwork(join(dir, 'unet'), parseUNet2DConfig);
  const { index, unetConfig, unet } = await loadModelFolder(diskSource(dir));
  if (index.figment.student) {
    const { teacherConfig, teacher = new Map() } = await loadModelFolder(diskSource(dir), { parts: ['teacher'] });
    return { config: parseUNet2DConfig(teacherConfig, join(dir, 'unet_teacher', 'config.json')), weights: teacher };
  }
  return { config: parseUNet2DConfig(unetConfig, join(dir, 'unet', 'config.json')), weights: unet };
}

/** Reads conditioning/ of a run or model folder. */
export function readConditioning(dir: string): Promise<NetworkFiles<ConditioningConfig>> {
  return readNetwork(join(dir, 'conditioning'), parseConditioningConfig);
}

/** Reads cvae/ of a run or model folder. */
export function readConditionalVae(dir: string): Promise<NetworkFiles<ConditionalVaeConfig>> {
  return readNetwork(join(dir, 'cvae'), parseConditionalVaeConfig);
}

/** The index of a model folder; null where networks stand alone. */
export async function readIndexOf(dir: string): Promise<ModelIndex | null> {
  return isWholeModel(dir) ? (await readWholeModel(dir)).index : null;
}

/** What the U-Net of a model folder was trained by; null where networks stand alone. */
export async function readSchedulerOf(dir: string): Promise<SchedulerConfig | null> {
  if (!isWholeModel(dir)) return null;
  const { schedulerConfig } = await loadModelFolder(diskSource(dir));
  return parseSchedulerConfig(schedulerConfig, join(dir, 'scheduler', 'scheduler_config.json'));
}

async function readNetwork<Config>(
  dir: string,
  parse: (json: unknown, fileName: string) => Config,
): Promise<NetworkFiles<Config>> {
  const source = diskSource(dir);
  const [configFile, weightsFile] = [join(dir, 'config.json'), join(dir, WEIGHTS_FILE)];
  const config = parse(parseConfig(await readOf(source, 'config.json', configFile), configFile), configFile);
  const weights = parseSafetensors(await readOf(source, WEIGHTS_FILE, weightsFile), weightsFile).tensors;
  return { config, weights };
}

/** @throws UsageError when the file is missing; ModelFileError when it is none, such as a pipe, which might never end */
function readOf(source: ModelSource, path: string, fileName: string): Promise<Uint8Array> {
  return source.read(path).catch((error) => {
    if (!(error instanceof MissingFileError)) throw error;
    throw new UsageError(
      `train: there is no ${fileName}; name a folder made by figment train, or a model that is installed`,
    );
  });
}
