import { Logger } from '@babylonjs/core/Misc/logger.js';
import { messageOf } from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import type { Painter } from './painter.ts';

/** Those who wait for a painter while the device is lost. */
interface Waiters {
  resolve(painter: Painter): void;
  reject(reason: unknown): void;
}

/** The painter that works, and another after its device was lost. */
export class CurrentPainter {
  /** Settled unless the device was lost and is not back. */
  private ready: Promise<Painter>;
  /** Null while `ready` is settled. */
  private waiters: Waiters | null = null;
  private numLosses = 0;
  private isDisposed = false;

  /** @param create makes another on the device that is there then */
  constructor(
    private painter: Painter,
    private readonly create: () => Promise<Painter>,
  ) {
    this.ready = Promise.resolve(painter);
  }

  /** The one that works, or the last that did. */
  get latest(): Painter {
    return this.painter;
  }

  /**
   * Works with the painter; if its device goes meanwhile, again with the next.
   *
   * @throws the signal's reason; what `work` throws; what kept the next painter from being made; an AbortError when disposed
   */
  async useAsync<Result>(signal: AbortSignal, work: (painter: Painter) => Promise<Result>): Promise<Result> {
    return this.repeatIfLostAsync(async () => {
      const painter = await this.ready;
      signal.throwIfAborted();
      return work(painter);
    });
  }

  /** Does what depends on a device, and does it again where that device goes meanwhile. @throws what `work` throws */
  async repeatIfLostAsync<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const { ready } = this;
      const wasLost = () => ready !== this.ready && !this.isDisposed;
      try {
        const result = await work();
        if (!wasLost()) return result;
      } catch (error) {
        if (!wasLost()) throw error;
      }
    }
  }

  async warmUpAsync(): Promise<void> {
    await this.useAsync(new AbortController().signal, (painter) => painter.warmUpAsync());
  }

  /** The device is lost; what is asked for waits for `restoreAsync`. */
  lose(): void {
    this.numLosses++;
    if (!this.waiters) this.ready = this.nextPainter();
    this.painter.dispose();
  }

  private nextPainter(): Promise<Painter> {
    const next = new Promise<Painter>((resolve, reject) => {
      this.waiters = { resolve, reject };
    });
    next.catch(() => {}); // whoever uses it is told
    return next;
  }

  /** Makes another painter after a loss. What goes wrong is logged, and those who wait for the painter are told. */
  async restoreAsync(): Promise<void> {
    const { waiters, numLosses } = this;
    if (!waiters) return;
    const isOver = () => this.waiters !== waiters || this.numLosses !== numLosses;
    try {
      const painter = await this.create();
      if (isOver()) return painter.dispose();
      this.painter = painter;
      waiters.resolve(painter);
    } catch (error) {
      if (isOver()) return;
      Logger.Error(`generate: the model could not be restored after its device was lost: ${messageOf(error)}`);
      waiters.reject(error);
    }
    this.waiters = null;
  }

  /** Those who wait for a painter are told so by an AbortError. */
  dispose(): void {
    this.isDisposed = true;
    this.painter.dispose();
    this.waiters?.reject(abortError(`generate: the generator of ${this.painter.info.name} was disposed`));
    this.waiters = null;
  }
}
