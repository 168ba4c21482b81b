import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import { loadModelFolder, type ModelPart, memorySource, parseConfig, readModelFiles } from '../../runtime/index.ts';
import { encodeJson, writeFilesAtomic } from './atomicWrite.ts';
import { diskSource } from './diskSource.ts';

/**
 * Writes the sha-256 of every file of a model folder into its model_index.json, and leaves all other entries as they are.
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
  const { [INDEX_FILE]: indexBytes, ...files } = whole;
  const index = parseConfig(indexBytes!, join(folder, INDEX_FILE));
  const figment = (index.figment ?? { version: 1 }) as { sha256?: Record<string, string> };
  const before = figment.sha256 ?? {};
  const paths = Object.keys(files).sort(inOrderOf(Object.keys(before)));
  const digest = (path: string) => createHash('sha256').update(files[path]!).digest('hex');
  const sha256 = Object.fromEntries(paths.map((path) => [path, digest(path)]));
  const renewed = Object.keys(sha256).filter((path) => sha256[path] !== before[path]);
  if (renewed.length > 0 || Object.keys(before).length !== Object.keys(sha256).length) {
    await writeFilesAtomic(folder, { [INDEX_FILE]: encodeJson({ ...index, figment: { ...figment, sha256 } }) });
  }
  return renewed.length;
}

/** Names that were listed before stay in their order. */
function inOrderOf(names: readonly string[]): (a: string, b: string) => number {
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  return (a, b) => rank(a) - rank(b);
}
