import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import {
  loadModelFolder,
  MissingFileError,
  type ModelContent,
  type ModelFiles,
  type ModelIndex,
  type ModelPart,
  type ModelSource,
  memorySource,
  modelFolderFiles,
  readModelFiles,
} from '../../runtime/index.ts';
import { diskSource } from './diskSource.ts';
import { UsageError } from './usageError.ts';

/** What a folder may have besides, and by which file of it the index tells. */
const OPTIONAL = { cvae: 'cvae/config.json', teacher: 'unet_teacher/config.json' } as const;

/** A model folder in memory. */
export interface WholeModel {
  index: ModelIndex;
  /** The bytes of all files of the model, by path. */
  files: Record<string, Uint8Array>;
}

/** Whether a folder holds a model with all its parts, and not a network of a training alone. */
export const isWholeModel = (dir: string) => existsSync(join(dir, INDEX_FILE));

/**
 * Waits until a model folder is read. A folder that a training has left with a single network in it has no model_index.json, and
 * cannot be read as a model: the error says so.
 *
 * @param reading the files of the model, as they are being read
 * @throws        UsageError naming the operation, and what folder to name instead; whatever else goes wrong with the reading
 */
export async function ofWholeModel<Result>(operation: string, name: string, reading: Promise<Result>): Promise<Result> {
  return reading.catch((error) => {
    const hasIndex = !(error instanceof MissingFileError) || !error.fileName.endsWith(`/${INDEX_FILE}`);
    if (hasIndex) throw error;
    throw new UsageError(
      `${operation}: ${name} is no whole model, as it has no ${INDEX_FILE}; name the folder of one, such as figment train ddpm has made`,
    );
  });
}

/** The parts that a model has besides those that every model has. */
export function optionalParts({ figment }: ModelIndex): ModelPart[] {
  const names = Object.keys(OPTIONAL) as (keyof typeof OPTIONAL)[];
  return names.filter((name) => Object.hasOwn(figment.sha256, OPTIONAL[name]));
}

/** A model with all parts that it has. @throws ModelFileError, MissingFileError as `loadModelFolder` */
export async function loadWholeModel(source: ModelSource): Promise<ModelFiles> {
  const usual = await loadModelFolder(source, { acceptChanged: true });
  const parts = optionalParts(usual.index);
  if (parts.length === 0) return usual;
  return loadModelFolder(source, { parts: ['unet', 'vae', 'scheduler', ...parts], acceptChanged: true });
}

/** @throws ModelFileError, MissingFileError naming the file that is damaged or missing */
export async function readWholeModel(dir: string): Promise<WholeModel> {
  const source = diskSource(dir);
  const files = await readModelFiles(source);
  const { index } = await loadModelFolder(memorySource(files, basename(resolve(dir))));
  const parts = optionalParts(index);
  return { index, files: parts.length > 0 ? { ...files, ...(await readModelFiles(source, { parts })) } : files };
}

/**
 * The files of a model with some of its networks replaced or added, stored in float16; all other files stay as they are,
 * byte for byte, and the index, which comes last, lists the digests of all. A new auto-encoder must have the latents of the
 * old one.
 */
export async function withNetworks(
  { index, files }: WholeModel,
  networks: Partial<Pick<ModelContent, 'vae' | 'vaeConfig' | 'cvae' | 'cvaeConfig'>>,
): Promise<Record<string, Uint8Array>> {
  const { [INDEX_FILE]: written, ...others } = await modelFolderFiles({ index, ...networks }, { dtype: 'F16' });
  const { [INDEX_FILE]: _, ...kept } = files;
  const { figment, ...entries } = JSON.parse(new TextDecoder().decode(written)) as ModelIndex;
  const sha256 = { ...index.figment.sha256, ...figment.sha256 };
  return { ...kept, ...others, [INDEX_FILE]: encodeJson({ ...entries, figment: { ...figment, sha256 } }) };
}
