import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { UsageError } from './usageError.ts';

/**
 * Writes a file so that readers, also after a crash, find either the old bytes or the new ones, never a mixture: a temporary file
 * in the same folder, flushed to disk, then renamed.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  await writeAll([[path, bytes]]);
}

/**
 * Writes several files below a folder, which is made if need be. All are on disk under temporary names before the first
 * is renamed; the renames follow in the order given, so put last the file that vouches for the others.
 * @param files path relative to the folder → bytes
 * @throws RangeError when a path leaves the folder
 */
export async function writeFilesAtomic(dir: string, files: Record<string, Uint8Array>): Promise<void> {
  const entries = Object.entries(files).map(([path, bytes]): [string, Uint8Array] => [pathInside(dir, path), bytes]);
  for (const [path] of entries) await mkdir(dirname(path), { recursive: true });
  await writeAll(entries);
}

/** The bytes of a JSON file, indented for people to read. */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

async function writeAll(entries: [string, Uint8Array][]): Promise<void> {
  const staged = entries.map(([path]) => join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`));
  try {
    for (const [i, [, bytes]] of entries.entries()) await writeFlushed(staged[i]!, bytes);
    for (const [i, [path]] of entries.entries()) await rename(staged[i]!, path);
  } catch (error) {
    await Promise.all(staged.map((path) => rm(path, { force: true })));
    throw error;
  }
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function pathInside(dir: string, path: string): string {
  const normal = normalize(path);
  const leaves = isAbsolute(normal) || normal === '.' || normal === '..' || normal.startsWith(`..${sep}`);
  if (leaves) throw new RangeError(`writeFilesAtomic: path "${path}" is refused; expected a file inside the folder`);
  return join(dir, normal);
}

/**
 * Makes a folder if need be, and finds out whether files can be written to it, before the long work whose results
 * belong there.
 *
 * @throws UsageError naming the folder and the reason
 */
export async function makeWritableFolder(dir: string): Promise<void> {
  const probe = join(dir, `.figment-${randomUUID()}.tmp`);
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`--out ${dir} cannot be written to (${reason}); choose another folder`);
  }
}
