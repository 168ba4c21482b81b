import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INDEX_FILE, VAE_DECODER_FILE, VAE_WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import {
  decoderFile,
  loadModelFolder,
  type ModelPart,
  memorySource,
  parseConfig,
  parseSafetensors,
  readModelFiles,
} from '../../runtime/index.ts';
import { encodeJson, writeFilesAtomic } from './atomicWrite.ts';
import { diskSource } from './diskSource.ts';

/**
 * Writes the sha-256 of every file of a model folder into its model_index.json, and leaves all other entries as they are. The
 * decoder is laid apart, taken from the auto-encoder as it is now.
 *
 * @returns how many are new or other than before
 * @throws  ModelFileError, MissingFileError naming the file that is damaged or missing
 */
export async function rehashModel(folder: string): Promise<number> {
  const isThere = (part: string) => existsSync(join(folder, part, 'config.json'));
  const parts: ModelPart[] = ['unet', 'vae', 'scheduler'];
  if (isThere('cvae')) parts.push('cvae');
  if (isThere('unet_teacher')) parts.push('teacher');
  const whole = await readModelFiles(diskSource(folder), { parts });
  await loadModelFolder(memorySource(whole, folder), { parts, acceptChanged: true }); // damaged files get no new digests
  const decoder = decoderApart(folder, whole[VAE_WEIGHTS_FILE]);
  const { [INDEX_FILE]: indexBytes, ...files } = { ...whole, ...decoder };
  const index = parseConfig(indexBytes!, join(folder, INDEX_FILE));
  const figment = (index.figment ?? { version: 1 }) as { sha256?: Record<string, string> };
  const before = figment.sha256 ?? {};
  const paths = Object.keys(files).sort(inOrderOf(Object.keys(before)));
  const digest = (path: string) => createHash('sha256').update(files[path]!).digest('hex');
  const sha256 = Object.fromEntries(paths.map((path) => [path, digest(path)]));
  const renewed = Object.keys(sha256).filter((path) => sha256[path] !== before[path]);
  if (
    renewed.length > 0 ||
    !isThereAlready(folder, decoder) ||
    Object.keys(before).length !== Object.keys(sha256).length
  ) {
    await writeFilesAtomic(folder, {
      ...decoder,
      [INDEX_FILE]: encodeJson({ ...index, figment: { ...figment, sha256 } }),
    });
  }
  return renewed.length;
}

/** The decoder of an auto-encoder apart, as precise as that is. */
function decoderApart(folder: string, vae: Uint8Array | undefined): Record<string, Uint8Array> {
  if (!vae) return {};
  const { tensors } = parseSafetensors(vae, join(folder, VAE_WEIGHTS_FILE));
  const isHalf = [...tensors.values()].every(({ dtype }) => dtype === 'F16');
  return { [VAE_DECODER_FILE]: decoderFile(tensors, isHalf ? 'F16' : 'F32') };
}

function isThereAlready(folder: string, files: Record<string, Uint8Array>): boolean {
  return Object.entries(files).every(([path, bytes]) => {
    const file = join(folder, path);
    return existsSync(file) && readFileSync(file).equals(bytes);
  });
}

/** Names that were listed before stay in their order. */
function inOrderOf(names: readonly string[]): (a: string, b: string) => number {
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  return (a, b) => rank(a) - rank(b);
}
