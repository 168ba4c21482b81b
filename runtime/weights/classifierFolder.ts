import * as v from 'valibot';
import { ModelFileError, quote } from '../core/errors.ts';
import { CONFIG_FILE, WEIGHTS_FILE } from '../core/fileNames.ts';
import { NAME_SCHEMA, parseConfig } from './modelIndex.ts';
import { type ModelSource, type OnProgress, sha256Hex } from './modelSource.ts';
import { parseSafetensors } from './safetensors.ts';
import type { WeightTensor } from './weightTensor.ts';

/** The entries of a classifier's config.json beside those of its network. */
export interface ClassifierIndex {
  labels: string[];
  figment: {
    version: 1;
    name: string;
    licence: string;
    attribution: string;
    /** The model whose latents it reads: the sha-256 of its vae/diffusion_pytorch_model.safetensors, if it has one. */
    model: { name: string; vaeSha256: string | null };
    /** scheduler_config.json of that model: the schedule that noised the latents. */
    scheduler: Record<string, unknown>;
    /** The sha-256 of the weights; null when unknown. */
    sha256: string | null;
  };
}

export interface ClassifierContent {
  index: ClassifierIndex;
  /** The config of the network. */
  config: Record<string, unknown>;
  /** PyTorch's layout. */
  weights: ReadonlyMap<string, WeightTensor>;
}

/** A classifier folder's content. */
export interface ClassifierFiles extends ClassifierContent {
  /** sha-256 over both files, for caches. */
  hash: string;
}

const text = v.pipe(v.string(), v.maxLength(100_000));
const sha256 = v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits')));

const INDEX_SCHEMA = v.object({
  labels: v.pipe(
    v.array(NAME_SCHEMA),
    v.minLength(2, 'expected two labels or more'),
    v.check((labels) => new Set(labels).size === labels.length, 'expected every label once'),
  ),
  figment: v.object({
    version: v.literal(1, 'expected 1; a later version needs a later Figment'),
    name: NAME_SCHEMA,
    licence: text,
    attribution: text,
    model: v.object({ name: NAME_SCHEMA, vaeSha256: sha256 }),
    scheduler: v.record(v.string(), v.unknown()),
    sha256,
  }),
});

/**
 * Reads a noise-aware classifier's folder: config.json and its weights. The files are taken to be untrusted, as a model's
 * are. Whether the weights fit the network, and both a model, is `createNoisyClassifier`'s and `checkFits`'s to say.
 *
 *   const files = await loadClassifierFolder(urlSource('/classifiers/portraits-ornate'));
 *
 * @throws MissingFileError, ModelFileError naming the file; the signal's reason when aborted
 */
export async function loadClassifierFolder(
  source: ModelSource,
  options: { signal?: AbortSignal; onProgress?: OnProgress } = {},
): Promise<ClassifierFiles> {
  const [configFile, weightsFile] = [`${source.name}/${CONFIG_FILE}`, `${source.name}/${WEIGHTS_FILE}`];
  const files = await readClassifierFiles(source, options);
  const [configBytes, weightBytes] = [files[CONFIG_FILE]!, files[WEIGHTS_FILE]!];
  const digests = [await sha256Hex(configBytes), await sha256Hex(weightBytes)];
  options.signal?.throwIfAborted();
  const { _class_name, labels, figment, ...config } = parseConfig(configBytes, configFile);
  const index = parseIndex({ labels, figment }, configFile);
  const expected = index.figment.sha256;
  if (expected !== null && expected !== digests[1]) {
    const problem = `expected sha-256 ${expected}, found ${digests[1]}; fetch or save the classifier again`;
    throw new ModelFileError('loadClassifierFolder', weightsFile, problem);
  }
  const weights = parseSafetensors(weightBytes, weightsFile).tensors;
  return { index, config, weights, hash: await sha256Hex(new TextEncoder().encode(digests.join('\n'))) };
}

/**
 * Fetches a classifier folder's files, path → bytes, without looking into them; `loadClassifierFolder(memorySource(files))`
 * does so later, or elsewhere.
 *
 * @throws MissingFileError; the signal's reason when aborted
 */
export async function readClassifierFiles(
  source: ModelSource,
  options: { signal?: AbortSignal; onProgress?: OnProgress } = {},
): Promise<Record<string, Uint8Array>> {
  const config = await source.read(CONFIG_FILE, { signal: options.signal });
  return { [CONFIG_FILE]: config, [WEIGHTS_FILE]: await source.read(WEIGHTS_FILE, options) };
}

function parseIndex(json: unknown, fileName: string): ClassifierIndex {
  const result = v.safeParse(INDEX_SCHEMA, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const problem = `entry ${quote(v.getDotPath(issue))}: ${issue.message.slice(0, 200)}`;
  throw new ModelFileError('loadClassifierFolder', fileName, problem);
}
