import type { Recipe } from '../recipe.ts';
import type { PaintOptions, PaintStep, Picture } from './painter.ts';
import { PixelPicture } from './pixelPicture.ts';
import type { FromWorker, Loaded, ToWorker } from './workerMessages.ts';

interface Job {
  onStep: ((step: PaintStep) => void) | undefined;
  resolve(pictures: Picture[]): void;
  reject(error: unknown): void;
}

/** A worker with a model in it. */
export class WorkerLane {
  readonly loaded: Promise<Loaded>;
  /** The worker is gone; the lane is of no use any more. */
  hasEnded = false;
  private info: Loaded['info'] | null = null;
  private numJobs = 0;
  private readonly jobs = new Map<number, Job>();
  private settle!: { resolve(loaded: Loaded): void; reject(error: unknown): void };

  constructor(
    private readonly worker: Worker,
    load: Extract<ToWorker, { type: 'load' }>,
  ) {
    this.loaded = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.loaded.catch(() => {}); // whoever awaits it is told
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = ({ message }) =>
      this.end(new Error(`worker: ${message || 'it did not start'}; check the option workerUrl and the page's policy`));
    worker.postMessage(load);
  }

  get isBusy(): boolean {
    return this.jobs.size > 0;
  }

  paintAsync(recipes: readonly Recipe[], { signal, previewEvery = 0, onStep }: PaintOptions): Promise<Picture[]> {
    const job = this.numJobs++;
    const abort = () => this.tell({ type: 'abort', job });
    const painted = new Promise<Picture[]>((resolve, reject) => {
      this.jobs.set(job, { onStep, resolve, reject });
    });
    signal?.addEventListener('abort', abort);
    this.tell({ type: 'paint', job, recipes, previewEvery });
    return painted
      .catch((error) => {
        throw signal?.aborted ? signal.reason : error;
      })
      .finally(() => {
        this.jobs.delete(job);
        signal?.removeEventListener('abort', abort);
      });
  }

  /** Ends the worker; what it loads or paints rejects. */
  end(reason: unknown): void {
    this.hasEnded = true;
    this.worker.terminate();
    this.settle.reject(reason);
    for (const job of this.jobs.values()) job.reject(reason);
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private hear(message: FromWorker): void {
    const job = 'job' in message && message.job !== null ? this.jobs.get(message.job) : undefined;
    switch (message.type) {
      case 'loaded':
        this.info = message.info;
        this.settle.resolve(message);
        break;
      case 'step':
        job?.onStep?.({ ...message, previews: message.previews && this.toPictures(message.previews) });
        break;
      case 'painted':
        job?.resolve(this.toPictures(message.pixels));
        break;
      case 'failed':
        (job ?? this.settle).reject(message.error);
    }
  }

  private toPictures(pixels: Uint8Array[]): Picture[] {
    const { widthPx, heightPx } = this.info!;
    return pixels.map((image) => new PixelPicture(image, widthPx, heightPx));
  }
}
