// Where the files of a model folder are when they are not where Figment writes them. Loaded when one is missing.
import * as v from 'valibot';
import { MissingFileError, ModelFileError, quote } from '../core/errors.ts';
import { parseConfig } from './modelIndex.ts';
import type { ModelSource } from './modelSource.ts';

/** Files by the path that Figment has for them. */
export type FoundFiles = [path: string, bytes: Uint8Array][];

const WEIGHTS = 'diffusion_pytorch_model';
const PLAIN_WEIGHTS = `${WEIGHTS}.safetensors`;

/** Weights of half precision are named so, and the lists of weights that are cut into several files. */
const VARIANTS = [`${WEIGHTS}.fp16.safetensors`];
const SHARD_LISTS = [`${PLAIN_WEIGHTS}.index.json`, `${PLAIN_WEIGHTS}.index.fp16.json`];

/** diffusers' old file, which is a pickle. */
const PICKLE = `${WEIGHTS}.bin`;

const MAX_SHARDS = 1000;

const SHARD_LIST_SCHEMA = v.object({ weight_map: v.record(v.string(), v.string()) });

/** Pipelines of a U-Net and a scheduler alone may have their files in no folder of their own. */
const AT_ROOT = /^(unet|scheduler)\//;

/**
 * The files that stand for one that is missing: weights of half precision, weights in several files, or files that lie at
 * the top of the folder.
 *
 * @returns null when there are none
 * @throws  ModelFileError, with the remedy, when there is a pickle alone, or a list of files is damaged
 */
export async function findForeignFiles(
  source: ModelSource,
  path: string,
  signal: AbortSignal,
): Promise<FoundFiles | null> {
  const [folder, file] = path.split('/') as [string, string];
  for (const place of AT_ROOT.test(path) ? [`${folder}/`, ''] : [`${folder}/`]) {
    const found = await findIn(source, place, file, signal);
    if (found) return found.map(([name, bytes]) => [`${folder}/${name}`, bytes]);
  }
  return null;
}

/** Files by their names within the place. */
async function findIn(
  source: ModelSource,
  place: string,
  file: string,
  signal: AbortSignal,
): Promise<FoundFiles | null> {
  const read = (name: string) => readIfThere(source, `${place}${name}`, signal);
  if (place === '') {
    const bytes = await read(file);
    if (bytes) return [[file, bytes]];
  }
  if (file !== PLAIN_WEIGHTS) return null;
  for (const name of VARIANTS) {
    const bytes = await read(name);
    if (bytes) return [[name, bytes]];
  }
  for (const name of SHARD_LISTS) {
    const bytes = await read(name);
    if (bytes) return readShards(source, place, name, bytes, signal);
  }
  if (await isThere(source, `${place}${PICKLE}`, signal)) throw pickleError(source, `${place}${PICKLE}`);
  return null;
}

async function readShards(
  source: ModelSource,
  place: string,
  list: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<FoundFiles> {
  const fileName = `${source.name}/${place}${list}`;
  const fail = (problem: string): never => {
    throw new ModelFileError('loadModelFolder', fileName, problem);
  };
  const parsed = v.safeParse(SHARD_LIST_SCHEMA, parseConfig(bytes, fileName));
  if (!parsed.success) return fail('expected weight_map, the file of each tensor by name');
  const names = [...new Set(Object.values(parsed.output.weight_map))];
  if (names.length > MAX_SHARDS) fail(`names ${names.length} files; expected at most ${MAX_SHARDS}`);
  const odd = names.find((name) => !/^[\w.-]+\.safetensors$/.test(name));
  if (odd !== undefined) fail(`names the file ${quote(odd)}; expected a .safetensors beside it`);
  const shards = names.map(
    async (name): Promise<FoundFiles[number]> => [name, await source.read(`${place}${name}`, { signal })],
  );
  return [[list, bytes], ...(await Promise.all(shards))];
}

async function readIfThere(source: ModelSource, path: string, signal: AbortSignal): Promise<Uint8Array | null> {
  try {
    return await source.read(path, { signal });
  } catch (error) {
    if (error instanceof MissingFileError) return null;
    throw error;
  }
}

/** Whether there is a file; of a large one only the beginning is fetched. */
async function isThere(source: ModelSource, path: string, signal: AbortSignal): Promise<boolean> {
  const enough = new AbortController();
  let hasBegun = false;
  const onProgress = () => {
    hasBegun = true;
    enough.abort();
  };
  try {
    await source.read(path, { signal: AbortSignal.any([signal, enough.signal]), onProgress });
    return true;
  } catch (error) {
    if (hasBegun && !signal.aborted) return true;
    if (error instanceof MissingFileError) return false;
    throw error;
  }
}

function pickleError({ name }: ModelSource, path: string): ModelFileError {
  const problem = `a pickle, which runs code when it is read, is all there is; in Python, load the model and save it again: \
save_pretrained(folder, safe_serialization=True)`;
  return new ModelFileError('loadModelFolder', `${name}/${path}`, problem);
}
