import type { Painter } from './painter.ts';

/** The painter that works, and another after its device was lost. */
export class CurrentPainter {
  /** Settled unless the device was lost and is not back. */
  private ready: Promise<Painter>;
  private resume: ((painter: Promise<Painter>) => void) | null = null;
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

  /** Works with the painter; if its device goes meanwhile, again with the next. @throws the signal's reason; what `work` throws */
  async useAsync<Result>(signal: AbortSignal, work: (painter: Painter) => Promise<Result>): Promise<Result> {
    for (;;) {
      const { ready } = this;
      const painter = await ready;
      signal.throwIfAborted();
      const wasLost = () => ready !== this.ready && !this.isDisposed;
      try {
        const result = await work(painter);
        if (!wasLost()) return result;
      } catch (error) {
        if (!wasLost()) throw error;
      }
    }
  }

  async warmUpAsync(): Promise<void> {
    await (await this.ready).warmUpAsync();
  }

  /** The device is lost; what is asked for waits for `restoreAsync`. */
  lose(): void {
    this.ready = new Promise((resolve) => {
      this.resume = resolve;
    });
    this.ready.catch(() => {}); // whoever uses it is told
    this.painter.dispose();
  }

  /** Makes another painter after a loss. */
  async restoreAsync(): Promise<void> {
    if (!this.resume) return;
    const painter = this.create();
    this.resume(painter);
    this.resume = null;
    this.painter = await painter;
    if (this.isDisposed) this.painter.dispose();
  }

  dispose(): void {
    this.isDisposed = true;
    this.painter.dispose();
  }
}
