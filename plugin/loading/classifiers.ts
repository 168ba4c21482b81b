import { loadClassifierFolder, memorySource, type OnProgress, readClassifierFiles } from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { untilAborted } from '../untilAborted.ts';
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
type AddClassifier = (name: string, files: Record<string, Uint8Array>, signal: AbortSignal) => Promise<void>;

/** Someone who waits for a classifier: until when, and who is told how far it is. */
type Asker = Pick<LoadOptions, 'signal' | 'onProgress'>;

/** A classifier that is being loaded, or is loaded. Its loading ends when all who wait for it have given up. */
class SharedClassifier {
  private readonly life = new AbortController();
  private readonly listeners = new Set<OnProgress>();
  private readonly loading: Promise<ClassifierInfo>;
  private numWaiting = 0;
  private isOver = false;

  constructor(
    readonly location: ModelLocation,
    load: (signal: AbortSignal, onProgress: OnProgress) => Promise<ClassifierInfo>,
  ) {
    this.loading = load(this.life.signal, (...progress) => {
      for (const listener of this.listeners) listener(...progress);
    });
    this.loading.catch(() => {
      this.isOver = true;
    });
  }

  /** False once its loading has failed or was given up, so that the classifier has to be loaded again. */
  get isUsable(): boolean {
    return !this.isOver;
  }

  /** Whoever gives up waiting does not keep the others from it. */
  async waitAsync({ signal, onProgress }: Asker): Promise<ClassifierInfo> {
    this.numWaiting++;
    if (onProgress) this.listeners.add(onProgress);
    try {
      return await untilAborted(this.loading, signal);
    } catch (error) {
      if (this.numWaiting === 1) this.giveUp();
      throw error;
    } finally {
      this.numWaiting--;
      if (onProgress) this.listeners.delete(onProgress);
    }
  }

  private giveUp(): void {
    this.isOver = true;
    this.life.abort(abortError('loadClassifier: nobody waits for the classifier any more'));
  }
}

/** The classifiers that one generator has loaded, by name, each once. */
export class LoadedClassifiers {
  /** The classifiers that recipes may name. */
  readonly known = new Map<string, ClassifierInfo>();
  /** The hashes of those that the painter is being given, by name. */
  private readonly arriving = new Map<string, string>();
  private readonly files = new Map<string, Record<string, Uint8Array>>();
  private readonly shared = new Map<string, SharedClassifier>();

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
    if (known?.isUsable && known.location === location) return known.waitAsync(options);
    const shared = new SharedClassifier(location, (signal, onProgress) => {
      return this.fetchAsync(location, key, { ...options, signal, onProgress }, addToPainter);
    });
    if (key !== null) this.shared.set(key, shared);
    return shared.waitAsync(options);
  }

  /** Gives all of them to another painter. */
  async addAllTo(addToPainter: (name: string, files: Record<string, Uint8Array>) => Promise<void>): Promise<void> {
    await Promise.all(Array.from(this.files, ([name, files]) => addToPainter(name, files)));
  }

  private async fetchAsync(
    location: ModelLocation,
    key: string | null,
    options: LoadOptions & { signal: AbortSignal },
    addToPainter: AddClassifier,
  ): Promise<ClassifierInfo> {
    const files = await readClassifierFiles(await sourceOf(location, options), options);
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
