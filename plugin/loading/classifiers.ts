import { loadClassifierFolder, memorySource, readClassifierFiles } from '../../runtime/index.ts';
import { type LoadOptions, type ModelLocation, sourceOf } from './loadModelBytes.ts';

/** The public facts of a loaded classifier: its name and labels, its licence, and the hash of its files. */
export interface ClassifierInfo {
  /** The name by which recipes ask for it. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly licence: string;
  readonly attribution: string;
  /** sha-256 of its files. */
  readonly hash: string;
}

/** Gives a classifier's files to the painter, which puts the classifier beside its model. */
type AddClassifier = (name: string, files: Record<string, Uint8Array>) => Promise<void>;

/** The classifiers that one generator has loaded, by name, each once. */
export class LoadedClassifiers {
  /** The classifiers that recipes may name. */
  readonly known = new Map<string, ClassifierInfo>();
  private readonly files = new Map<string, Record<string, Uint8Array>>();
  private readonly loading = new Map<string, Promise<ClassifierInfo>>();

  /** @throws MissingFileError, ModelFileError naming the file; what `addToPainter` throws; the signal's reason when aborted */
  loadAsync(
    location: ModelLocation,
    name: string | undefined,
    options: LoadOptions,
    addToPainter: AddClassifier,
  ): Promise<ClassifierInfo> {
    const key = name ?? (typeof location === 'string' ? location : null);
    const known = key === null ? undefined : this.loading.get(key);
    if (known) return known;
    const loading = this.fetchAsync(location, key, options, addToPainter);
    if (key !== null) {
      this.loading.set(key, loading);
      loading.catch(() => this.loading.delete(key)); // the next call tries again
    }
    return loading;
  }

  /** Gives all of them to another painter. */
  async addAllTo(addToPainter: AddClassifier): Promise<void> {
    await Promise.all(Array.from(this.files, ([name, files]) => addToPainter(name, files)));
  }

  private async fetchAsync(
    location: ModelLocation,
    key: string | null,
    options: LoadOptions,
    addToPainter: AddClassifier,
  ): Promise<ClassifierInfo> {
    const files = await readClassifierFiles(await sourceOf(location, options), options);
    const { index, hash } = await loadClassifierFolder(memorySource(files, key ?? 'classifier'), options);
    const { licence, attribution, name: ownName } = index.figment;
    const name = key ?? ownName;
    await addToPainter(name, files);
    options.signal?.throwIfAborted();
    const info = { name, labels: index.labels, licence, attribution, hash };
    this.known.set(name, info);
    this.files.set(name, files);
    return info;
  }
}
