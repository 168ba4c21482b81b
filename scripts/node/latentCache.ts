// The latents of a data set on disk, beside the training that uses them: encoding takes minutes, and --resume needs it too.
import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AutoencoderKlConfig,
  type Dataset,
  type LatentDataset,
  ModelFileError,
  parseSafetensors,
  type WeightTensor,
  writeSafetensors,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from './atomicWrite.ts';

/** File name of the latents in a run's folder. */
export const LATENTS_FILE = 'latents.safetensors';

/** All that latents depend on. */
export interface LatentSource {
  dataset: Dataset;
  /** The encoded images. */
  indices: Int32Array;
  vae: { config: AutoencoderKlConfig; weights: ReadonlyMap<string, WeightTensor> };
  /** The auto-encoder's convolutions wrap around the borders. */
  circular: boolean;
  /** See `encodeDataset`. */
  isShifted: boolean;
  flip: boolean;
  /** Backends round differently. */
  backend: string;
}

/** sha-256 of where latents come from. */
export function latentKey({ dataset, indices, vae, circular, isShifted, flip, backend }: LatentSource): string {
  const { widthPx, heightPx, channels, classLabels, images, frames } = dataset;
  const hash = createHash('sha256');
  const views = { circular, isShifted, flip };
  hash.update(JSON.stringify({ widthPx, heightPx, channels, frames, config: vae.config, ...views, backend }));
  for (const array of [images, classLabels, indices]) addArray(hash, array);
  addWeights(hash, vae.weights);
  return hash.digest('hex');
}

/** sha-256 of an auto-encoder. */
export function digestOfVae({ config, weights }: LatentSource['vae']): string {
  const hash = createHash('sha256').update(JSON.stringify(config));
  addWeights(hash, weights);
  return hash.digest('hex');
}

function addWeights(hash: Hash, weights: ReadonlyMap<string, WeightTensor>): void {
  for (const [name, { shape, data }] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, shape]));
    addArray(hash, data);
  }
}

/** The length comes first, so that no two lists of arrays give the same bytes. */
function addArray(hash: Hash, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
  hash.update(`${byteLength}:`).update(new Uint8Array(buffer, byteOffset, byteLength));
}

function digestOf({ shape, mean, std, classLabels }: LatentDataset): string {
  const hash = createHash('sha256').update(JSON.stringify(shape));
  for (const array of [mean, std, classLabels]) addArray(hash, array);
  return hash.digest('hex');
}

/** Writes latents to a run's folder: the old file stays until the new one is whole. */
export async function writeLatents(out: string, key: string, latents: LatentDataset): Promise<void> {
  const { shape, mean, std, classLabels } = latents;
  const stored = [classLabels.length, ...shape];
  const bytes = writeSafetensors(
    [
      ['mean', { shape: stored, data: mean }],
      ['std', { shape: stored, data: std }],
      ['classLabels', { shape: [classLabels.length], data: classLabels }],
    ],
    { metadata: { key, digest: digestOf(latents) } },
  );
  await writeFilesAtomic(out, { [LATENTS_FILE]: bytes });
}

/** The latents in a run's folder, bit for bit; null when there are none, others, or damaged ones. */
export async function readLatents(out: string, key: string): Promise<LatentDataset | null> {
  const file = join(out, LATENTS_FILE);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return bytes && decodeLatents(bytes, file, key);
}

function decodeLatents(bytes: Uint8Array, file: string, key: string): LatentDataset | null {
  try {
    const { metadata, tensors } = parseSafetensors(bytes, file);
    const [mean, std, classLabels] = ['mean', 'std', 'classLabels'].map((name) => tensors.get(name));
    if (metadata.key !== key || !mean || !std || !classLabels) return null;
    const latents = {
      shape: mean.shape.slice(1) as [number, number, number],
      mean: mean.data as Float32Array,
      std: std.data as Float32Array,
      classLabels: classLabels.data as Int32Array,
    };
    return metadata.digest === digestOf(latents) ? latents : null;
  } catch (error) {
    if (error instanceof ModelFileError) return null;
    throw error;
  }
}
