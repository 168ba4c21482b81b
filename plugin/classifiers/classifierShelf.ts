import { loadClassifierFolder, memorySource, readClassifierFiles } from '../../runtime/index.ts';
import { type LoadOptions, type ModelLocation, sourceOf } from '../loading/loadModelBytes.ts';
import type { ClassifierInfo } from './classifierInfo.ts';

/** Gives a classifier's files to whoever paints. */
export type Introduce = (name: string, files: Record<string, Uint8Array>) => Promise<void>;

/** The classifiers that one generator has loaded, by name, each once. */
export class ClassifierShelf {
  /** Those that recipes may name. */
  readonly known = new Map<string, ClassifierInfo>();
  private readonly files = new Map<string, Record<string, Uint8Array>>();
  private readonly loading = new Map<string, Promise<ClassifierInfo>>();

  /** @throws MissingFileError, ModelFileError naming the file; what `introduce` throws; the signal's reason when aborted */
  loadAsync(
    location: ModelLocation,
    name: string | undefined,
    options: LoadOptions,
    introduce: Introduce,
  ): Promise<ClassifierInfo> {
    const key = name ?? (typeof location === 'string' ? location : null);
    const known = key === null ? undefined : this.loading.get(key);
    if (known) return known;
    const loading = this.fetchAsync(location, key, options, introduce);
    if (key !== null) {
      this.loading.set(key, loading);
      loading.catch(() => this.loading.delete(key)); // the next call tries again
    }
    return loading;
  }

  /** Introduces all to another painter. */
  async introduceAll(introduce: Introduce): Promise<void> {
    await Promise.all(Array.from(this.files, ([name, files]) => introduce(name, files)));
  }

  private async fetchAsync(
    location: ModelLocation,
    key: string | null,
    options: LoadOptions,
    introduce: Introduce,
  ): Promise<ClassifierInfo> {
    const files = await readClassifierFiles(await sourceOf(location, options), options);
    const { index, hash } = await loadClassifierFolder(memorySource(files, key ?? 'classifier'), options);
    const { licence, attribution, name: ownName } = index.figment;
    const name = key ?? ownName;
    await introduce(name, files);
    options.signal?.throwIfAborted();
    const info = { name, labels: index.labels, licence, attribution, hash };
    this.known.set(name, info);
    this.files.set(name, files);
    return info;
  }
}
