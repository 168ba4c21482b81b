import { loadClassifierFolder, memorySource, readClassifierFiles } from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { type LoadOptions, type ModelLocation, sourceOf } from './loadModelBytes.ts';
import { SharedLoad } from './sharedLoad.ts';

/** The public facts of a loaded classifier: its name and labels, its licence, and the hash of its files. */
export interface ClassifierInfo {
  /** The name by which recipes ask for it. */
  readonly name: string;
  /** What it tells apart: the words that a recipe's `classifierLabel` may be. */
  readonly labels: readonly string[];
  /** The licence under which it was made, in its authors' words. */
  readonly licence: string;
  /** The credit that its authors ask for. */
  readonly attribution: string;
  /** sha-256 of its files. */
  readonly hash: string;
}

/** Gives a classifier's files to the painter, which puts the classifier beside its model. */
type AddClassifier = (name: string, files: Record<string, Uint8Array>, signal: AbortSignal) => Promise<void>;

/** The classifiers that one generator has loaded, by name, each once. */
export class LoadedClassifiers {
  /** The classifiers that recipes may name. */
  readonly known = new Map<string, ClassifierInfo>();
  /** The hashes of those that the painter is being given, by name. */
  private readonly arriving = new Map<string, string>();
  private readonly files = new Map<string, Record<string, Uint8Array>>();
  private readonly life = new AbortController();
  private readonly shared = new Map<string, { location: ModelLocation; load: SharedLoad<ClassifierInfo> }>();

  /**
   * @throws MissingFileError, ModelFileError naming the file; RangeError where another classifier has the name; what
   *         `addToPainter` throws; the signal's reason when aborted
   */
  async loadAsync(
    location: ModelLocation,
    name: string | undefined,
    options: LoadOptions,
    addToPainter: AddClassifier,
  ): Promise<ClassifierInfo> {
    options.signal?.throwIfAborted();
    const key = name ?? (typeof location === 'string' ? location : null);
    const known = key === null ? undefined : this.shared.get(key);
    const isKnown = known?.location === location && known.load.isUsable;
    const load = isKnown
      ? known.load
      : new SharedLoad((asker) => this.fetchAsync(location, key, { ...options, ...asker }, addToPainter));
    if (key !== null) this.shared.set(key, { location, load });
    const signals = [this.life.signal, ...(options.signal ? [options.signal] : [])];
    return (await load.takeAsync({ ...options, signal: AbortSignal.any(signals) })).loaded; // and it stays as long as the generator
  }

  /** Gives all of them to another painter. */
  async addAllTo(addToPainter: (name: string, files: Record<string, Uint8Array>) => Promise<void>): Promise<void> {
    await Promise.all(Array.from(this.files, ([name, files]) => addToPainter(name, files)));
  }

  /** Frees their files, and ends what is being loaded. */
  dispose(): void {
    this.life.abort(abortError('loadClassifier: the generator was disposed'));
    this.files.clear();
    this.shared.clear();
  }

  private async fetchAsync(
    location: ModelLocation,
    key: string | null,
    options: LoadOptions & { signal: AbortSignal },
    addToPainter: AddClassifier,
  ): Promise<ClassifierInfo> {
    const files = await readClassifierFiles(sourceOf(location, options), options);
    const { index, hash } = await loadClassifierFolder(memorySource(files, key ?? 'classifier'), options);
    const { licence, attribution, name: ownName } = index.figment;
    const name = key ?? ownName;
    const earlier = this.known.get(name);
    if (earlier?.hash === hash) return earlier;
    if ((earlier?.hash ?? this.arriving.get(name) ?? hash) !== hash) {
      throw new RangeError(
        `loadClassifier: another classifier has the name "${name}"; give this one a name of its own`,
      );
    }
    this.arriving.set(name, hash);
    await addToPainter(name, files, options.signal).finally(() => this.arriving.delete(name));
    options.signal.throwIfAborted();
    const info = { name, labels: index.labels, licence, attribution, hash };
    this.known.set(name, info);
    this.files.set(name, files);
    return info;
  }
}
