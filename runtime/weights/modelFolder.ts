import { definedOf } from '../core/definedOf.ts';
import { ModelFileError } from '../core/errors.ts';
import { INDEX_FILE, VAE_WEIGHTS_FILE } from '../core/fileNames.ts';
import { completeModelIndex } from './completeModelIndex.ts';
import { readConfig, readIndex } from './folderJson.ts';
import {
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
import { readFolder } from './modelReading.ts';
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
  const bytes = await readFolder(source, [INDEX_FILE, ...paths], { ...options, parts });
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
  return Object.fromEntries(await readFolder(source, [INDEX_FILE, ...paths], { ...options, parts }));
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
