import { MissingFileError } from '../core/errors.ts';
import { INDEX_FILE, VAE_WEIGHTS_FILE } from '../core/fileNames.ts';
import { isObject } from '../core/untrustedJson.ts';
import { readConfig, readIndex } from './folderJson.ts';
import type { FoundFiles } from './foreignFiles.ts';
import type { StoredModelIndex } from './modelIndex.ts';
import { CONDITIONING, type ModelPart, needDecoderAlone, PATHS, UNET_CONFIG, VAE_CONFIG } from './modelParts.ts';
import type { ModelSource, OnProgress } from './modelSource.ts';

interface ModelReadingOptions {
  parts: readonly ModelPart[];
  signal?: AbortSignal;
  onProgress?: OnProgress; // over all files
}

/**
 * Reads all files at once, and the conditioning of a U-Net whose config says that it takes one. When one fails, the others are
 * given up; when several are missing, the error names the first. Models that were not saved by Figment may have their files in other
 * places, where `findForeignFiles` looks for them.
 *
 * @param paths the index before all others
 * @throws MissingFileError; the signal's reason when aborted
 */
export async function readFolder(
  source: ModelSource,
  paths: readonly string[],
  options: ModelReadingOptions,
): Promise<Map<string, Uint8Array>> {
  const reading = new ModelReading(source, paths, options);
  try {
    return await reading.readAllAsync();
  } finally {
    reading.giveUp();
  }
}

class ModelReading {
  private readonly controller = new AbortController();
  private readonly signal: AbortSignal;
  private readonly parts: readonly ModelPart[];
  /** All that are known to be read, of which there may be more than were asked for. */
  private readonly known: string[];
  private readonly progress: (path: string) => OnProgress;
  /** In the order of `paths`. */
  private readonly reads: Promise<FoundFiles>[] = [];

  constructor(
    private readonly source: ModelSource,
    private readonly paths: readonly string[],
    { parts, signal, onProgress }: ModelReadingOptions,
  ) {
    this.signal = AbortSignal.any([this.controller.signal, ...(signal ? [signal] : [])]);
    this.parts = parts;
    this.known = [...paths];
    this.progress = sumProgress(this.known, onProgress);
  }

  async readAllAsync(): Promise<Map<string, Uint8Array>> {
    for (const path of this.paths) this.reads.push(this.readOne(path));
    return new Map((await Promise.all(this.reads)).flat());
  }

  giveUp(): void {
    this.controller.abort();
  }

  private async readOne(path: string): Promise<FoundFiles> {
    const bytes = await this.readOrFind(path);
    if (!(bytes instanceof Uint8Array)) return bytes;
    if (path !== UNET_CONFIG) return [[path, bytes]];
    const more = isConditioned(this.source, bytes) ? CONDITIONING : [];
    this.known.push(...more);
    this.progress(path)(bytes.length, bytes.length); // not before: until then nobody knows what there is to read in all
    return [[path, bytes], ...(await Promise.all(more.map((file) => this.readOne(file)))).flat()];
  }

  private async readOrFind(path: string): Promise<Uint8Array | FoundFiles> {
    try {
      const isCut = path === VAE_WEIGHTS_FILE && needDecoderAlone(this.parts);
      const beginning = isCut ? await this.decoder() : undefined;
      const onProgress = path === UNET_CONFIG ? undefined : this.progress(path);
      return await this.source.read(path, { signal: this.signal, ...(beginning && { beginning }), onProgress });
    } catch (error) {
      if (error instanceof MissingFileError) return this.inPlaceOf(path, error);
      throw error;
    }
  }

  /** The part of the auto-encoder's weights that decodes, as the index has it. */
  private async decoder() {
    return readIndex(this.source, new Map(await this.reads[0])).figment?.decoder;
  }

  /** What stands for a file that is missing: nothing, or files in other places. @throws its error where it has to be there */
  private async inPlaceOf(path: string, missing: MissingFileError): Promise<FoundFiles> {
    const before = new Map((await Promise.all(this.smallBefore(path))).flat());
    const remedy = REMEDIES.find(([part]) => PATHS[part].includes(path));
    if (remedy) throw new MissingFileError('loadModelFolder', missing.fileName, remedy[1]);
    const found = this.isOptional(path, before) ? [] : await this.elsewhere(path);
    if (!found) throw missing;
    const sizeBytes = found.reduce((sum, [, { length }]) => sum + length, 0);
    this.progress(path)(sizeBytes, sizeBytes);
    return found;
  }

  /** Index and configs that are asked for before a file: where they fail, theirs is the error to tell. */
  private smallBefore(path: string): Promise<FoundFiles>[] {
    const place = Math.max(0, this.paths.indexOf(path));
    return this.reads.slice(0, place).filter((_, i) => this.paths[i]!.endsWith('.json'));
  }

  /** The index comes first, to refuse models of other kinds by their names. */
  private isOptional(path: string, before: ReadonlyMap<string, Uint8Array>): boolean {
    const isIndexNeeded = needsIndex(this.parts);
    if (path === INDEX_FILE) return !isIndexNeeded;
    const index = isIndexNeeded && before.has(INDEX_FILE) ? readIndex(this.source, before) : null;
    return index !== null && isAbsentVae(path, index, before);
  }

  private async elsewhere(path: string): Promise<FoundFiles | null> {
    if (path === INDEX_FILE) return null;
    return (await import('./foreignFiles.ts')).findForeignFiles(this.source, path, this.signal);
  }
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
