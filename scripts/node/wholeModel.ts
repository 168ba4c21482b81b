import { basename, resolve } from 'node:path';
import {
  loadModelFolder,
  type ModelContent,
  type ModelIndex,
  memorySource,
  modelFolderFiles,
  readModelFiles,
} from '../../runtime/index.ts';
import { encodeJson } from './atomicWrite.ts';
import { diskSource } from './diskSource.ts';

const INDEX_FILE = 'model_index.json';
const CVAE_CONFIG = 'cvae/config.json';

/** A model folder in memory. */
export interface WholeModel {
  index: ModelIndex;
  /** The bytes of all files of the model, by path. */
  files: Record<string, Uint8Array>;
}

/** @throws ModelFileError, MissingFileError naming the file that is damaged or missing */
export async function readWholeModel(dir: string): Promise<WholeModel> {
  const source = diskSource(dir);
  const files = await readModelFiles(source);
  const { index } = await loadModelFolder(memorySource(files, basename(resolve(dir))));
  const hasCvae = Object.hasOwn(index.figment.sha256, CVAE_CONFIG);
  return { index, files: hasCvae ? { ...files, ...(await readModelFiles(source, { parts: ['cvae'] })) } : files };
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
