import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE, VAE_WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import {
  type DecoderFact,
  findDecoder,
  isOfDecoder,
  loadModelFolder,
  type ModelPart,
  memorySource,
  parseConfig,
  parseSafetensors,
  readModelFiles,
  writeSafetensors,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from './atomicWrite.ts';
import { diskSource } from './diskSource.ts';
import { ofWholeModel } from './wholeModel.ts';

/**
 * Writes the sha-256 of every file of a model folder into its model_index.json, and how far the decoder reaches into the
 * auto-encoder's file, whose tensors are laid in another order where the decoder does not come first. All other entries stay.
 *
 * @returns how many are new or other than before
 * @throws  ModelFileError, MissingFileError naming the file that is damaged or missing; UsageError as `ofWholeModel`
 */
export async function rehashModel(folder: string): Promise<number> {
  const isThere = (part: string) => existsSync(join(folder, part, 'config.json'));
  const parts: ModelPart[] = ['unet', 'vae', 'scheduler'];
  if (isThere('cvae')) parts.push('cvae');
  if (isThere('unet_teacher')) parts.push('teacher');
  const whole = await ofWholeModel('rehash', folder, readModelFiles(diskSource(folder), { parts }));
  await loadModelFolder(memorySource(whole, folder), { parts, acceptChanged: true }); // damaged files get no new digests
  const ordered = await decoderFirst(folder, whole[VAE_WEIGHTS_FILE]);
  const { [INDEX_FILE]: indexBytes, ...files } = { ...whole, ...ordered };
  const index = parseConfig(indexBytes!, join(folder, INDEX_FILE));
  const figment = (index.figment ?? { version: 1 }) as { decoder?: DecoderFact; sha256?: Record<string, string> };
  const before = figment.sha256 ?? {};
  const paths = Object.keys(files).sort(inOrderOf(Object.keys(before)));
  const digest = (path: string) => createHash('sha256').update(files[path]!).digest('hex');
  const sha256 = Object.fromEntries(paths.map((path) => [path, digest(path)]));
  const renewed = Object.keys(sha256).filter((path) => sha256[path] !== before[path]);
  const vae = files[VAE_WEIGHTS_FILE];
  const decoder = vae && (await findDecoder(vae, join(folder, VAE_WEIGHTS_FILE)));
  const renewedIndex = encodeJson({ ...index, figment: { ...figment, decoder, sha256 } });
  if (Buffer.compare(renewedIndex, encodeJson(index)) !== 0)
    await writeFilesAtomic(folder, { ...ordered, [INDEX_FILE]: renewedIndex });
  return renewed.length;
}

/** An auto-encoder's file with its decoder first; nothing where that is so already, or where its tensors are not all of one type. */
async function decoderFirst(folder: string, vae: Uint8Array | undefined): Promise<Record<string, Uint8Array>> {
  const fileName = join(folder, VAE_WEIGHTS_FILE);
  if (!vae || (await findDecoder(vae, fileName))) return {};
  const { tensors, metadata } = parseSafetensors(vae, fileName);
  const [dtype, ...others] = new Set([...tensors.values()].map((tensor) => tensor.dtype));
  if ((dtype !== 'F16' && dtype !== 'F32') || others.length > 0) return {};
  return { [VAE_WEIGHTS_FILE]: writeSafetensors(tensors, { dtype, metadata, isFirst: isOfDecoder }) };
}

/** Names that were listed before stay in their order. */
function inOrderOf(names: readonly string[]): (a: string, b: string) => number {
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  return (a, b) => rank(a) - rank(b);
}
