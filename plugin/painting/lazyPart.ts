import type { OnProgress } from '../../runtime/index.ts';
import type { ReadPart } from '../loading/loadModelBytes.ts';
import { tell } from '../tell.ts';
import type { CurrentPainter } from './currentPainter.ts';
import type { OptionalPart, Painter } from './painter.ts';

/** A part of a model, fetched when the first picture needs it, and once more given to a painter that takes another's place. */
export class LazyPart {
  private readonly life = new AbortController();
  private files: Promise<Record<string, Uint8Array>> | null = null;
  private added: Promise<string> | null = null;
  private readonly listeners = new Set<OnProgress>();
  private ownHash = '';

  constructor(
    private readonly part: OptionalPart,
    private read: ReadPart | null,
  ) {}

  /** Whether the part has been fetched and given to the painter, so that pictures which need it can be made at once. */
  get isAdded(): boolean {
    return this.ownHash !== '';
  }

  /** sha-256 of its files; empty before it was added. */
  get hash(): string {
    return this.ownHash;
  }

  /** Once it resolves, the painter paints by it. What fails may be tried again. @throws MissingFileError where there is none */
  async addAsync(painter: CurrentPainter, onProgress?: OnProgress): Promise<void> {
    if (onProgress) this.listeners.add(onProgress);
    this.added ??= this.add(painter);
    try {
      this.ownHash = await this.added;
    } catch (error) {
      this.added = null;
      throw error;
    } finally {
      if (onProgress) this.listeners.delete(onProgress);
    }
  }

  /** Gives it to another painter, where it was asked for. Where it is still read and that fails, whoever asked is told. */
  async addTo(painter: Painter): Promise<void> {
    const files = await this.files?.catch(() => null);
    if (files) await painter.addPartAsync(this.part, files);
  }

  /** Frees its files, and what reads them. */
  dispose(): void {
    this.life.abort();
    this.files = null;
    this.read = null;
  }

  private async add(painter: CurrentPainter): Promise<string> {
    this.life.signal.throwIfAborted();
    this.files ??= this.read!(this.part, this.life.signal, (...progress) => {
      for (const listener of this.listeners) tell(listener, ...progress);
    });
    try {
      const files = await this.files;
      return await painter.useAsync(this.life.signal, (current) => current.addPartAsync(this.part, files));
    } catch (error) {
      this.files = null;
      throw error;
    }
  }
}
