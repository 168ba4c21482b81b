import { MissingFileError, ModelFileError, quote } from '../core/errors.ts';

/** Where a model folder's files come from: memory, an address, a disk. */
export interface ModelSource {
  readonly name: string;
  /** @throws MissingFileError when the folder has no such file */
  read(path: string, options?: ReadOptions): Promise<Uint8Array>;
}

export interface ReadOptions {
  /** Read only so many bytes, from the file's beginning; of a shorter file all. The digest is that of them. */
  beginning?: { bytes: number; sha256: string };
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/** Called as bytes arrive; the total is undefined while it is not known. */
export type OnProgress = (loadedBytes: number, totalBytes: number | undefined) => void;

/** The most bytes of a JSON file of a model. */
export const MAX_CONFIG_BYTES = 10_000_000;

/** The most bytes that are read of a file of a model, of JSON fewer than of weights. */
export function maxBytesOf(path: string, maxFileBytes = 2 ** 31): number {
  return path.endsWith('.json') ? Math.min(MAX_CONFIG_BYTES, maxFileBytes) : maxFileBytes;
}

/** A model folder held in memory: path → bytes, as `modelFolderFiles` makes it. */
export function memorySource(files: Record<string, Uint8Array>, name = 'memory'): ModelSource {
  return {
    name,
    async read(path, { beginning, signal, onProgress } = {}) {
      signal?.throwIfAborted();
      checkModelPath(path, name);
      const whole = Object.hasOwn(files, path) ? files[path] : undefined;
      if (whole === undefined) throw new MissingFileError('memorySource', `${name}/${path}`, 'there is no such file');
      const bytes = beginning ? whole.subarray(0, beginning.bytes) : whole;
      onProgress?.(bytes.length, bytes.length);
      return bytes;
    },
  };
}

/** Accepts only `name` and `folder/name` of letters, digits, dots, hyphens and underscores: nothing leaves the folder. */
export function checkModelPath(path: string, sourceName: string): void {
  const isPlain = path.split('/').every((part) => /^[\w.-]+$/.test(part) && part !== '.' && part !== '..');
  if (isPlain) return;
  throw new ModelFileError('read', sourceName, `path ${quote(path)} is refused; expected one inside the folder`);
}

/** The sha-256 of some bytes, 64 lower-case hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new Error('sha256Hex: crypto.subtle is missing; serve the page over https, or from localhost');
  }
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The sha-256 of each file, by its path. */
export async function digestFiles(files: Map<string, Uint8Array>): Promise<Map<string, string>> {
  const entries = [...files].map(async ([path, bytes]): Promise<[string, string]> => [path, await sha256Hex(bytes)]);
  return new Map(await Promise.all(entries));
}
