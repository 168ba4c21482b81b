import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import {
  MissingFileError,
  ModelFileError,
  type ModelSource,
  maxBytesOf,
  type ReadOptions,
} from '../../runtime/index.ts';

/** Node reads no larger file whole. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

/** A model folder on disk. Paths that leave it are refused, also by way of a symbolic link. */
export function diskSource(folder: string): ModelSource {
  const name = basename(resolve(folder));
  return { name, read: (path, options = {}) => readInside(folder, path, `${name}/${path}`, options) };
}

async function readInside(folder: string, path: string, fileName: string, options: ReadOptions): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  checkInside(resolve(folder), resolve(folder, path), fileName);
  try {
    const file = await realpath(resolve(folder, path));
    checkInside(await realpath(folder), file, fileName);
    const found = await stat(file);
    if (!found.isFile()) throw new ModelFileError('diskSource', fileName, 'expected a file');
    const maxBytes = maxBytesOf(path, MAX_FILE_BYTES);
    if (found.size > maxBytes) throw new ModelFileError('diskSource', fileName, `is larger than ${maxBytes} bytes`);
    const whole = await readFile(file, { signal: options.signal });
    const bytes = whole.subarray(0, options.beginning?.bytes);
    options.onProgress?.(bytes.length, bytes.length);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!isMissing(error)) throw error;
    throw new MissingFileError('diskSource', fileName, 'there is no such file');
  }
}

function checkInside(folder: string, file: string, fileName: string): void {
  const path = relative(folder, file);
  if (path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)) return;
  throw new ModelFileError('diskSource', fileName, 'leaves the model folder; expected a path inside it');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
