import {
  type ModelSource,
  memorySource,
  type OnProgress,
  readModelFiles,
  type UrlSourceOptions,
  urlSource,
} from '../../runtime/index.ts';

/** Where a model comes from: the address of its folder, files that a person chose, or its files in memory. */
export type ModelLocation = string | Iterable<File> | Record<string, Uint8Array>;

export interface LoadOptions extends Pick<UrlSourceOptions, 'timeoutMs' | 'numRetries'> {
  signal?: AbortSignal;
  /** Called with the number of bytes that have arrived, and of all bytes where it is known. */
  onProgress?: OnProgress;
}

export interface ModelBytes {
  /** The model's address, if it has one, or the name it was given. */
  name: string;
  /** Path → bytes. */
  files: Record<string, Uint8Array>;
  /** Fetches the files of the conditional VAE. @throws MissingFileError, with the remedy, where the model has none */
  readCvae(signal: AbortSignal): Promise<Record<string, Uint8Array>>;
}

/** Reads the files of a model folder, except for those that are fetched only when they are asked for. */
export async function loadModelBytes(location: ModelLocation, options: LoadOptions): Promise<ModelBytes> {
  const source = await sourceOf(location, options);
  const { signal, onProgress } = options;
  return {
    name: source.name,
    files: await readModelFiles(source, { signal, onProgress }),
    readCvae: (signal) => readModelFiles(source, { parts: ['cvae'], signal }),
  };
}

/** Opens a location, so that files can be read from it. */
export function sourceOf(
  location: ModelLocation,
  { timeoutMs, numRetries }: LoadOptions,
): ModelSource | Promise<ModelSource> {
  if (typeof location === 'string') return urlSource(location, definedOf({ timeoutMs, numRetries }));
  if (Symbol.iterator in location) return fileListSource(location as Iterable<File>);
  return memorySource(location);
}

function definedOf<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

const INDEX_FILE = 'model_index.json';

/**
 * Opens a model folder that a person chose or dropped: files of `<input type="file" webkitdirectory>`, or `File` objects
 * whose names are their paths within the folder. Files that are not part of a model are not read.
 *
 * @throws Error when no model_index.json is among them
 */
async function fileListSource(files: Iterable<File>): Promise<ModelSource> {
  const paths = Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  const index = paths.find(({ path }) => path === INDEX_FILE || path.endsWith(`/${INDEX_FILE}`));
  if (!index) {
    throw new Error(
      `AssetGenerator: there is no ${INDEX_FILE} among the ${paths.length} files; choose a model's folder`,
    );
  }
  const root = index.path.slice(0, -INDEX_FILE.length);
  const inside = paths.filter(({ path }) => path.startsWith(root) && /\.(json|safetensors)$/.test(path));
  const entries = inside.map(async ({ file, path }) => {
    return [path.slice(root.length), new Uint8Array(await file.arrayBuffer())] as const;
  });
  return memorySource(Object.fromEntries(await Promise.all(entries)), root.split('/').at(-2) || 'files');
}
