import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { isRunning } from './isRunning.ts';
import { makeFolder } from './makeFolder.ts';
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
  for (const [path] of entries) await makeFolder(dirname(path));
  await writeAll(entries);
}

async function writeAll(entries: [string, Uint8Array][]): Promise<void> {
  const staged = entries.map(([path]) => join(dirname(path), temporaryName(basename(path))));
  try {
    for (const [i, [path, bytes]] of entries.entries()) await namingFile(path, writeFlushed(staged[i]!, bytes));
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

/** Names the file in an error that does not, such as that of a full disk. */
export async function namingFile<Result>(path: string, writing: Promise<Result>): Promise<Result> {
  try {
    return await writing;
  } catch (error) {
    const { code, path: known, message } = error as NodeJS.ErrnoException;
    if (code === undefined || known !== undefined || !code.startsWith('E')) throw error;
    const remedy = code === 'ENOSPC' || code === 'EDQUOT' ? '; free some space, or write elsewhere' : '';
    throw new Error(`write: ${path}: ${message}${remedy}`, { cause: error });
  }
}

/** Process numbers mean something on one machine alone. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** A temporary file's name says who writes it. */
function temporaryName(name: string): string {
  return `.${name}.${MACHINE}-${process.pid}.${randomUUID()}.tmp`;
}

const TEMPORARY = /^\.(.+?)(?:\.([0-9a-f]{8})-(\d+))?\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** No file takes this long to write, by whatever machine. */
const ABANDONED_MS = 60_000;

/**
 * Removes the temporary files that were left in a folder, and in those below it that are named, by processes that were
 * killed while they wrote.
 *
 * @param isOurs whether a file of this name may be removed; default: any that has such a name
 */
export async function removeAbandonedFiles(
  dir: string,
  folders: Iterable<string> = [''],
  isOurs: (path: string) => boolean = () => true,
): Promise<void> {
  for (const folder of folders) {
    for (const name of await readdir(join(dir, folder)).catch((): string[] => [])) {
      const [, target, machine, pid] = TEMPORARY.exec(name) ?? [];
      if (target === undefined || !isOurs(join(folder, target))) continue;
      const file = join(dir, folder, name);
      const isLost = (machine === MACHINE && !isRunning(Number(pid))) || (await isOld(file));
      if (isLost) await rm(file, { force: true });
    }
  }
}

async function isOld(file: string): Promise<boolean> {
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return Date.now() - mtimeMs > ABANDONED_MS;
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
 * @param name   what the folder is to whoever reads of it
 * @param remedy what to do where it cannot be written to
 * @returns      whether the folder is new
 * @throws       UsageError naming the folder and the reason
 */
export async function makeWritableFolder(
  dir: string,
  { name = `--out ${dir}`, remedy = 'choose another folder' } = {},
): Promise<boolean> {
  const probe = join(dir, temporaryName('figment'));
  try {
    const isNew = await makeFolder(dir);
    await writeFile(probe, '');
    await rm(probe);
    return isNew;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`${name} cannot be written to (${reason}); ${remedy}`);
  }
}
