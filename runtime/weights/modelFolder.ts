import { definedOf } from '../core/definedOf.ts';
import { MissingFileError, ModelFileError } from '../core/errors.ts';
import { INDEX_FILE, VAE_WEIGHTS_FILE } from '../core/fileNames.ts';
import { isObject } from '../core/untrustedJson.ts';
import { completeModelIndex } from './completeModelIndex.ts';
import type { FoundFiles } from './foreignFiles.ts';
import { parseConfig, parseModelIndex, type StoredModelIndex } from './modelIndex.ts';
import {
  CONDITIONING,
  CONDITIONING_CONFIG,
  CVAE_CONFIG,
  type ModelFiles,
  type ModelPart,
  needDecoderAlone,
  PATHS,
  SCHEDULER_CONFIG,
  TEACHER_CONFIG,
  UNET_CONFIG,
  VAE_CONFIG,
} from './modelParts.ts';
import { digestFiles, type ModelSource, type OnProgress, sha256Hex } from './modelSource.ts';
import { withNewNames } from './oldNames.ts';
import { parseSafetensors } from './safetensors.ts';
import type { WeightTensor } from './weightTensor.ts';

export interface LoadModelFolderOptions {
  parts?: readonly ModelPart[];
  /** Files that are no longer what model_index.json says, as after `save_pretrained`, are noted; else they are refused. */
  acceptChanged?: boolean;
  signal?: AbortSignal;
  onProgress?: OnProgress; // over all files
  /** Pictures larger than this are refused: making one takes many times their memory. */
  maxPixels?: number;
}

export const LOAD_MODEL_FOLDER_DEFAULTS: Required<Omit<LoadModelFolderOptions, 'signal' | 'onProgress'>> = {
  parts: ['unet', 'vae', 'scheduler'],
  acceptChanged: false,
  maxPixels: 2 ** 20,
};

/**
 * Reads a diffusers model folder, of latents or of pixels: then it has no VAE. The files are taken to be untrusted: they are
 * checked for their form, and against the sha-256 that model_index.json has for them, if any. Whether the weights fit the
 * networks is `checkWeights`'s to say.
 *
 *   const files = await loadModelFolder(urlSource('/models/portraits'));
 *   const toPaint = await loadModelFolder(source, { parts: ['unet', 'decoder', 'scheduler'] }); // the encoder is left out
 *   const vaeInTraining = await loadModelFolder(source, { parts: ['vae'] }); // model_index.json may be missing then
 *   const { cvaeConfig, cvae } = await loadModelFolder(source, { parts: ['cvae'] }); // for createConditionalVae
 *   const { teacherConfig, teacher } = await loadModelFolder(source, { parts: ['teacher'] }); // for createTeacher
 *
 * @throws MissingFileError, ModelFileError naming the file; the signal's reason when aborted
 */
export async function loadModelFolder(source: ModelSource, options: LoadModelFolderOptions = {}): Promise<ModelFiles> {
  const usual = LOAD_MODEL_FOLDER_DEFAULTS;
  const { parts = usual.parts, acceptChanged = usual.acceptChanged, maxPixels = usual.maxPixels } = options;
  const paths = [...new Set(parts.flatMap((part) => PATHS[part]))];
  const bytes = await readFiles(source, [INDEX_FILE, ...paths], { ...options, parts });
  const digests = await digestFiles(bytes);
  options.signal?.throwIfAborted();
  const stored = readIndex(source, bytes);
  const decoder = needDecoderAlone(parts) ? stored.figment?.decoder : undefined;
  const expected = { ...stored.figment?.sha256, ...(decoder && { [VAE_WEIGHTS_FILE]: decoder.sha256 }) };
  const changed = changedFiles(source, digests, expected);
  if (changed.length > 0 && !acceptChanged) throw changed[0];
  const unetConfig = readConfig(source, bytes, UNET_CONFIG);
  const vaeConfig = readConfig(source, bytes, VAE_CONFIG);
  const indexFile = `${source.name}/${INDEX_FILE}`;
  const index = completeModelIndex(stored, lastPartOf(source.name), unetConfig, vaeConfig, indexFile);
  const { widthPx, heightPx } = index.figment;
  if (widthPx * heightPx > maxPixels) {
    const problem = `its pictures are ${widthPx}×${heightPx}; expected at most ${maxPixels} pixels, or a higher option maxPixels`;
    throw new ModelFileError('loadModelFolder', indexFile, problem);
  }
  return {
    index,
    unetConfig,
    unet: readWeights(source, bytes, 'unet'),
    vaeConfig,
    vae: readWeights(source, bytes, 'vae', decoder !== undefined),
    schedulerConfig: readConfig(source, bytes, SCHEDULER_CONFIG),
    cvaeConfig: readConfig(source, bytes, CVAE_CONFIG),
    cvae: readWeights(source, bytes, 'cvae'),
    teacherConfig: readConfig(source, bytes, TEACHER_CONFIG),
    teacher: readWeights(source, bytes, 'unet_teacher'),
    conditioningConfig: readConfig(source, bytes, CONDITIONING_CONFIG),
    conditioning: readWeights(source, bytes, 'conditioning'),
    hash: await hashOf(digests),
    notes: changed.map(
      ({ fileName }) => `${fileName}: it is not what model_index.json says; figment rehash renews that`,
    ),
  };
}

/**
 * Fetches a model folder's files, path → bytes, without looking into them: `loadModelFolder(memorySource(files))` does
 * so later, or elsewhere.
 *
 * @throws MissingFileError; the signal's reason when aborted
 */
export async function readModelFiles(
  source: ModelSource,
  options: LoadModelFolderOptions = {},
): Promise<Record<string, Uint8Array>> {
  const { parts } = { ...LOAD_MODEL_FOLDER_DEFAULTS, ...definedOf(options) };
  const paths = [...new Set(parts.flatMap((part) => PATHS[part]))];
  return Object.fromEntries(await readFiles(source, [INDEX_FILE, ...paths], { ...options, parts }));
}

/**
 * Whether files that `readModelFiles` has read hold the decoder of the auto-encoder alone.
 * @throws ModelFileError when model_index.json is damaged
 */
export function holdDecoderAlone(files: Readonly<Record<string, Uint8Array>>, name: string): boolean {
  const { figment } = readIndex({ name }, new Map(Object.entries(files)));
  const vae = files[VAE_WEIGHTS_FILE];
  return vae !== undefined && vae.length === figment?.decoder?.bytes;
}

/** Whether model_index.json has to be there: it holds the labels, and most networks have no use without them. */
function needsIndex(parts: readonly ModelPart[]): boolean {
  return parts.some((part) => part === 'unet' || part === 'cvae' || part === 'teacher');
}

/**
 * Whether a U-Net takes vectors for label and attributes, so that the network that makes them is to be read too. A config that
 * cannot be read counts as one that does not: `loadModelFolder` reads it again once it has checked whether it is the file that the
 * index speaks of, and throws then.
 */
function isConditioned(source: ModelSource, unetConfig: Uint8Array): boolean {
  try {
    const config = readConfig(source, new Map([[UNET_CONFIG, unetConfig]]), UNET_CONFIG);
    return isObject(config) && config.class_embed_type === 'identity';
  } catch {
    return false;
  }
}

/**
 * Reads all files at once, and the conditioning of a U-Net whose config says that it takes one. When one fails, the others are
 * given up; when several are missing, the error names the first. Models that were not saved by Figment may have their files in other
 * places, where `findForeignFiles` looks for them.
 */
async function readFiles(
  source: ModelSource,
  paths: string[],
  { parts, signal, onProgress }: LoadModelFolderOptions & { parts: readonly ModelPart[] },
): Promise<Map<string, Uint8Array>> {
  const isIndexNeeded = needsIndex(parts);
  const controller = new AbortController();
  const signals = signal === undefined ? [] : [signal];
  const options = { signal: AbortSignal.any([controller.signal, ...signals]) };
  const known = [...paths];
  const progress = sumProgress(known, onProgress);
  const reads: Promise<FoundFiles>[] = [];
  const smallBefore = (path: string) => {
    const place = Math.max(0, paths.indexOf(path));
    return reads.slice(0, place).filter((_, i) => paths[i]!.endsWith('.json'));
  };
  const readOne = async (path: string): Promise<FoundFiles> => {
    const bytes = await readOrFind(path);
    if (!(bytes instanceof Uint8Array)) return bytes;
    if (path !== UNET_CONFIG) return [[path, bytes]];
    const more = isConditioned(source, bytes) ? CONDITIONING : [];
    known.push(...more);
    progress(path)(bytes.length, bytes.length); // not before: until then nobody knows what there is to read in all
    return [[path, bytes], ...(await Promise.all(more.map(readOne))).flat()];
  };
  const readOrFind = async (path: string): Promise<Uint8Array | FoundFiles> => {
    try {
      const beginning = path === VAE_WEIGHTS_FILE && needDecoderAlone(parts) ? await decoder() : undefined;
      const told = path === UNET_CONFIG ? undefined : progress(path);
      return await source.read(path, { ...options, ...(beginning && { beginning }), onProgress: told });
    } catch (error) {
      if (!(error instanceof MissingFileError)) throw error;
      const before = new Map((await Promise.all(smallBefore(path))).flat());
      const remedy = REMEDIES.find(([part]) => PATHS[part].includes(path));
      if (remedy) throw new MissingFileError('loadModelFolder', error.fileName, remedy[1]);
      const found = isOptional(path, before) ? [] : await elsewhere(path);
      if (!found) throw error;
      const sizeBytes = found.reduce((sum, [, { length }]) => sum + length, 0);
      progress(path)(sizeBytes, sizeBytes);
      return found;
    }
  };
  const decoder = async () => readIndex(source, new Map(await reads[0])).figment?.decoder;
  /** The index comes first, to refuse models of other kinds by their names. */
  const isOptional = (path: string, before: ReadonlyMap<string, Uint8Array>) => {
    if (path === INDEX_FILE) return !isIndexNeeded;
    const index = isIndexNeeded && before.has(INDEX_FILE) ? readIndex(source, before) : null;
    return index !== null && isAbsentVae(path, index, before);
  };
  const elsewhere = async (path: string) => {
    if (path === INDEX_FILE) return null;
    return (await import('./foreignFiles.ts')).findForeignFiles(source, path, options.signal);
  };
  try {
    for (const path of paths) reads.push(readOne(path));
    return new Map((await Promise.all(reads)).flat());
  } finally {
    controller.abort();
  }
}

/** A model of pixels has no VAE, and its index lists none. */
function isAbsentVae(path: string, { vae }: StoredModelIndex, before: ReadonlyMap<string, Uint8Array>): boolean {
  return PATHS.vae.includes(path) && !vae?.[1] && !before.has(VAE_CONFIG);
}

/** What to say of a model that lacks an optional part. */
const REMEDIES: readonly (readonly [ModelPart, string])[] = [
  [
    'cvae',
    'this model makes no pictures in one step; train one for it by figment train cvae --add-to, or use the pipeline "ddpm"',
  ],
  ['teacher', 'this model has no teacher beside it; figment distil makes a folder of student and teacher'],
];

/** Adds up what the files report; the total is known once every file's is. */
function sumProgress(paths: string[], onProgress: OnProgress | undefined): (path: string) => OnProgress {
  const loaded = new Map<string, number>();
  const totals = new Map<string, number>();
  const sum = (sizes: Map<string, number>) => [...sizes.values()].reduce((a, b) => a + b, 0);
  return (path) => (loadedBytes, totalBytes) => {
    loaded.set(path, loadedBytes);
    if (totalBytes === undefined) totals.delete(path);
    else totals.set(path, totalBytes);
    onProgress?.(sum(loaded), totals.size === paths.length ? sum(totals) : undefined);
  };
}

function readIndex(source: Pick<ModelSource, 'name'>, files: ReadonlyMap<string, Uint8Array>): StoredModelIndex {
  const bytes = files.get(INDEX_FILE);
  if (bytes === undefined) return { _class_name: 'ClassConditionalLatentDiffusionPipeline' };
  return parseModelIndex(bytes, `${source.name}/${INDEX_FILE}`);
}

function readConfig({ name }: ModelSource, files: ReadonlyMap<string, Uint8Array>, path: string): unknown {
  const bytes = files.get(path);
  return bytes === undefined ? undefined : parseConfig(bytes, `${name}/${path}`);
}

/** The weights of a part, from one file, its beginning or several files. */
function readWeights(
  { name }: ModelSource,
  files: ReadonlyMap<string, Uint8Array>,
  part: string,
  isBeginning = false,
): Map<string, WeightTensor> {
  const parts = [...files].filter(([path]) => path.startsWith(`${part}/`) && path.endsWith('.safetensors'));
  const tensors = parts.flatMap(([path, bytes]) => [
    ...parseSafetensors(bytes, `${name}/${path}`, { isBeginning }).tensors,
  ]);
  const weights = withNewNames(new Map(tensors));
  if (weights.size === tensors.length) return weights;
  const problem = 'holds a tensor twice, in two files or under two names; save the weights again';
  throw new ModelFileError('loadModelFolder', `${name}/${part}`, problem);
}

/** An error for each file that is not what the index says. */
function changedFiles(
  source: ModelSource,
  digests: Map<string, string>,
  expected: Record<string, string>,
): ModelFileError[] {
  const changed = [...digests].filter(([path, digest]) => Object.hasOwn(expected, path) && expected[path] !== digest);
  return changed.map(([path, digest]) => {
    const problem = `expected sha-256 ${expected[path]}, found ${digest}; fetch the model again, or renew its hashes by figment rehash`;
    return new ModelFileError('loadModelFolder', `${source.name}/${path}`, problem);
  });
}

function hashOf(digests: Map<string, string>): Promise<string> {
  const lines = [...digests].map(([path, digest]) => `${digest}  ${path}\n`).sort();
  return sha256Hex(new TextEncoder().encode(lines.join('')));
}

function lastPartOf(name: string): string {
  return name.split('/').at(-1) || 'model';
}
