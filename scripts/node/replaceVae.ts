import { basename, resolve } from 'node:path';
import {
  loadModelFolder,
  type ModelContent,
  type ModelIndex,
  memorySource,
  modelFolderFiles,
  readModelFiles,
} from '../../runtime/index.ts';
import { diskSource } from './diskSource.ts';

const INDEX_FILE = 'model_index.json';
const CVAE_CONFIG = 'cvae/config.json';

/** A model folder in memory. */
export interface WholeModel {
  index: ModelIndex;
  /** Path → bytes, of all that a model consists of. */
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
 * The files of a model with another auto-encoder, whose latents must be those of the old one: U-Net and scheduler stay
 * as they are, byte for byte, the auto-encoder is stored in float16, and the index has its digests.
 */
export async function replaceVae(
  model: WholeModel,
  vae: Pick<ModelContent, 'vae' | 'vaeConfig'>,
): Promise<Record<string, Uint8Array>> {
  return withFiles(model, await modelFolderFiles({ index: model.index, ...vae }, { dtype: 'F16' }));
}

/** A model's files with others that were written with its index, which comes last and lists the digests of all. */
export function withFiles(
  { index, files }: WholeModel,
  { [INDEX_FILE]: written, ...others }: Record<string, Uint8Array>,
): Record<string, Uint8Array> {
  const { [INDEX_FILE]: _, ...kept } = files;
  const { figment, ...entries } = JSON.parse(new TextDecoder().decode(written)) as ModelIndex;
  const sha256 = { ...index.figment.sha256, ...figment.sha256 };
  const text = `${JSON.stringify({ ...entries, figment: { ...figment, sha256 } }, null, 2)}\n`;
  return { ...kept, ...others, [INDEX_FILE]: new TextEncoder().encode(text) };
}
