import type { OnProgress } from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { tell } from '../tell.ts';
import { untilAborted } from '../untilAborted.ts';
import type { LoadOptions } from './loadModelBytes.ts';

/** Someone who waits for what is loaded: until when, and who is told how far it is. */
export type Asker = Pick<LoadOptions, 'signal' | 'onProgress'>;

/** The right to use what was loaded, which stays as long as somebody holds such a lease. */
export interface Lease<Loaded> {
  readonly loaded: Loaded;
  /** Gives the lease back; further calls change nothing. */
  release(): void;
}

/** What is loaded once for all who ask for it. Its loading ends when all of them have given up or released it. */
export class SharedLoad<Loaded> {
  private readonly life = new AbortController();
  private readonly listeners = new Set<OnProgress>();
  private readonly loading: Promise<Loaded>;
  /** Null while it is being loaded. */
  loaded: Loaded | null = null;
  private numUsers = 0;
  private isOver = false;

  /** @param free frees what was loaded, when nobody uses it any more */
  constructor(
    load: (asker: Required<Asker>) => Promise<Loaded>,
    private readonly free: (loaded: Loaded) => void = () => {},
  ) {
    const onProgress: OnProgress = (...progress) => {
      for (const listener of this.listeners) tell(listener, ...progress);
    };
    this.loading = load({ signal: this.life.signal, onProgress });
    this.loading.then(
      (loaded) => {
        this.loaded = loaded;
        if (this.isOver) this.free(loaded);
      },
      () => {
        this.isOver = true;
      },
    );
  }

  /** False once its loading has failed or was given up, so that it has to be loaded again. */
  get isUsable(): boolean {
    return !this.isOver;
  }

  /** Waits until it is loaded. Whoever gives up waiting does not keep the others from it. */
  async takeAsync({ signal, onProgress }: Asker): Promise<Lease<Loaded>> {
    let isHeld = true;
    this.numUsers++;
    const release = () => {
      if (isHeld) this.leave();
      isHeld = false;
    };
    if (onProgress) this.listeners.add(onProgress);
    try {
      return { loaded: await untilAborted(this.loading, signal), release };
    } catch (error) {
      release();
      throw error;
    } finally {
      if (onProgress) this.listeners.delete(onProgress);
    }
  }

  private leave(): void {
    if (--this.numUsers > 0) return;
    this.isOver = true;
    this.life.abort(abortError('load: nobody waits for it any more'));
    if (this.loaded !== null) this.free(this.loaded);
  }
}
