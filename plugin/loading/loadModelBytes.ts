import {
  definedOf,
  fetchFile,
  holdDecoderAlone,
  INDEX_FILE,
  MissingFileError,
  ModelFileError,
  type ModelSource,
  type ModelWords,
  maxBytesOf,
  memorySource,
  type OnProgress,
  PACKAGED_MODELS,
  PAINTING_PARTS,
  readModelFiles,
  type UrlSourceOptions,
  urlSource,
} from '../../runtime/index.ts';

/** What a package of a model exports: the address of each of its files, as a bundler has placed them. */
export interface ModelPackage<Words extends ModelWords = ModelWords> {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** The words of the model as a type, by which editors and compilers know them; there is no value. */
  readonly words?: Words;
}

/**
 * Where a model comes from: the address of its folder, what its package exports, files that a person chose, or its files in
 * memory.
 */
export type ModelLocation<Words extends ModelWords = ModelWords> =
  | string
  | ModelPackage<Words>
  | Iterable<File>
  | Record<string, Uint8Array>;

export interface LoadOptions extends Pick<UrlSourceOptions, 'timeoutMs' | 'numRetries' | 'maxFileBytes'> {
  signal?: AbortSignal;
  /** Called with the number of bytes that have arrived, and of all bytes where it is known. */
  onProgress?: OnProgress;
}

/**
 * Reads the files of a part of a model, and tells how many bytes have arrived.
 *
 * @throws ModelFileError where the model has been replaced by another since it was loaded: two of them do not go together
 */
export type ReadPart = (
  part: 'cvae' | 'teacher' | 'vae',
  signal: AbortSignal,
  onProgress?: OnProgress,
) => Promise<Record<string, Uint8Array>>;

export interface ModelBytes {
  /** The model's address, if it has one, or the name it was given. */
  name: string;
  /** Path → bytes. */
  files: Record<string, Uint8Array>;
  /** Whether it can take pictures; else that is fetched with its part `vae`. */
  readonly hasEncoder: boolean;
  /** Fetches the files of a part. @throws MissingFileError, with the remedy, where the model has none */
  readonly readPart: ReadPart;
}

/** Reads the files of a model folder, except for those that are fetched only when they are asked for. */
export async function loadModelBytes(location: ModelLocation, options: LoadOptions): Promise<ModelBytes> {
  const source = sourceOf(location, options);
  const { signal, onProgress } = options;
  const files = await readModelFiles(source, { parts: PAINTING_PARTS, signal, onProgress }).catch((error) => {
    throw typeof location === 'string' ? withRemedy(error) : error;
  });
  const index = files[INDEX_FILE]?.slice(); // it names the hash of every file; the files themselves may go to a worker
  return {
    name: source.name,
    files,
    hasEncoder: !holdDecoderAlone(files, source.name),
    readPart: async (part, signal, onProgress) => {
      const more = await readModelFiles(source, { parts: [part], signal, onProgress });
      if (index && !isSame(index, more[INDEX_FILE])) {
        const remedy = 'has been replaced since the model was loaded; load the model again';
        throw new ModelFileError('AssetGenerator', `${source.name}/${INDEX_FILE}`, remedy);
      }
      return more;
    },
  };
}

function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return one.length === other?.length && one.every((byte, i) => byte === other[i]);
}

/** Opens a location, so that files can be read from it. */
export function sourceOf(location: ModelLocation, { timeoutMs, numRetries, maxFileBytes }: LoadOptions): ModelSource {
  const settings = definedOf({ timeoutMs, numRetries, maxFileBytes });
  if (typeof location === 'string') return urlSource(location, settings);
  if (isPackage(location)) return packageSource(location, settings);
  if (location instanceof Object && Symbol.iterator in location) {
    return fileListSource(location as Iterable<File>, maxFileBytes);
  }
  if (holdsFiles(location)) return memorySource(location as Record<string, Uint8Array>);
  const isOther = location instanceof Object && !(location instanceof URL);
  const given = isOther ? 'an object of another kind' : String(location);
  const expected = 'the address of its folder as a text, what its package exports, or its files';
  throw new TypeError(`AssetGenerator: the model is given as ${given}; expected ${expected}`);
}

/** Whether the names in an object are those of a model's files. The files are not looked at: some are fetched when they are. */
function holdsFiles(location: ModelLocation): boolean {
  return location instanceof Object && Object.keys(location).some((path) => /\.(json|safetensors)$/.test(path));
}

/** The address by which a model is known, if it has one. */
export function addressOf(location: ModelLocation): string | null {
  if (typeof location === 'string') return location;
  return isPackage(location) ? location.name : null;
}

export function isPackage(location: ModelLocation): location is ModelPackage {
  return location instanceof Object && 'name' in location && typeof location.name === 'string';
}

/** Its files have addresses of their own, wherever they are. */
function packageSource({ name, files }: ModelPackage, settings: UrlSourceOptions): ModelSource {
  return urlSource(name, {
    ...settings,
    fetch: async (input, init) => {
      const address = Object.entries(files).find(([path]) => String(input) === `${name}/${path}`)?.[1];
      if (address === undefined) return new Response(null, { status: 404 });
      return contentOf(address) ?? fetchFile(address, init);
    },
  });
}

/** What is in an address itself, as bundlers write small files; a page's policy may forbid to fetch those. */
function contentOf(address: string): Response | null {
  const [, encoding, content] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(address) ?? [];
  if (content === undefined) return null;
  const text = decodeURIComponent(content);
  return new Response(encoding ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0)) : text);
}

function withRemedy(error: unknown): unknown {
  if (!(error instanceof MissingFileError && error.fileName.endsWith(INDEX_FILE))) return error;
  const folder = error.fileName.split('/').at(-2);
  const name = PACKAGED_MODELS.find((packaged) => packaged === folder) ?? PACKAGED_MODELS[0];
  const remedy = `copy a model there (npx figment models copy ${name} public/models), or import it and hand it over: import { ${name} } from 'babylon-figment-${name}'; AssetGenerator.LoadAsync(${name}, scene), or for a scene file RegisterGeneratedTexture({ models: [${name}] })`;
  return new MissingFileError('AssetGenerator', error.fileName, `${error.problem}; ${remedy}`);
}

/**
 * Opens a model folder that a person chose or dropped: files of `<input type="file" webkitdirectory>`, or `File` objects
 * whose names are their paths within the folder. Files that are not part of a model are not read.
 *
 * @throws MissingFileError when no model_index.json is among them
 */
function fileListSource(files: Iterable<File>, maxFileBytes?: number): ModelSource {
  const paths = Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  const index = paths.find(({ path }) => path === INDEX_FILE || path.endsWith(`/${INDEX_FILE}`));
  if (!index) {
    throw new MissingFileError(
      'AssetGenerator',
      INDEX_FILE,
      `is not among the ${paths.length} files; choose a model's folder`,
    );
  }
  const root = index.path.slice(0, -INDEX_FILE.length);
  const fileAt = new Map(paths.map(({ file, path }) => [path, file]));
  const name = root.split('/').at(-2) || 'files';
  return {
    name,
    async read(path, { beginning, signal, onProgress } = {}) {
      signal?.throwIfAborted();
      const file = fileAt.get(root + path);
      if (!file) throw new MissingFileError('AssetGenerator', `${name}/${path}`, 'there is no such file');
      const maxBytes = maxBytesOf(path, maxFileBytes);
      if (file.size > maxBytes) {
        throw new ModelFileError('AssetGenerator', `${name}/${path}`, `is larger than ${maxBytes} bytes`);
      }
      const part = beginning ? file.slice(0, beginning.bytes) : file;
      const bytes = new Uint8Array(await part.arrayBuffer());
      onProgress?.(bytes.length, bytes.length);
      return bytes;
    },
  };
}
