import { type GeneratedPicture, imageSize, type Recipe } from '../../runtime/index.ts';
import type { Latents } from '../latents.ts';
import type { OptionalPart, PaintOptions, Picture, WorkOptions } from './painter.ts';
import { PixelPicture } from './pixelPicture.ts';
import { heardError, WorkerStartError } from './workerErrors.ts';
import type { AnswerTo, FromWorker, Job, Loaded, ToWorker } from './workerMessages.ts';

type Step = Extract<FromWorker, { type: 'step' }>;

/** A job without its number, which the lane gives it. */
type Unnumbered<Message> = Message extends Job ? Omit<Message, 'job'> : never;

interface Waiting {
  onStep: ((step: Step) => void) | undefined;
  resolve(answer: FromWorker): void;
  reject(error: unknown): void;
}

/** Between two looks at a worker from which something is expected. */
const HEARTBEAT_MS = 5000;

const REMEDY =
  "check the option workerUrl and the page's policy, and that worker.js and the .wasm files of babylon-figment/dist are beside the page's script; where none may start, take compute: 'thread'";

/** So many looks in a row at which it had said nothing since the one before: it is dead, whatever the browser says. */
const MAX_SILENT = 6;

/**
 * A worker with a model in it. A worker that fails to load, crashes, or falls silent ends its lane: all that is asked of it
 * rejects.
 */
export class WorkerLane {
  readonly loaded: Promise<Loaded>;
  /** The worker is gone; the lane is of no use any more. */
  hasEnded = false;
  private info: Loaded['info'] | null = null;
  private numJobs = 0;
  private readonly jobs = new Map<number, Waiting>();
  private isLoading = true;
  private numSilent = 0;
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private settle!: { resolve(loaded: Loaded): void; reject(error: unknown): void };

  constructor(
    private readonly worker: Worker,
    load: Extract<ToWorker, { type: 'load' }>,
    private readonly heartbeatMs = HEARTBEAT_MS,
  ) {
    this.loaded = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.loaded.catch(() => {}); // whoever awaits it is told
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = ({ message }) => {
      const Kind = this.isLoading ? WorkerStartError : Error;
      this.end(new Kind(`worker: ${message || 'it did not start'}; ${REMEDY}`));
    };
    try {
      worker.postMessage(load);
    } catch (error) {
      worker.terminate(); // what cannot be sent, such as a URL in place of its text
      throw error;
    }
    this.watch();
  }

  get isLoaded(): boolean {
    return !this.isLoading;
  }

  get isBusy(): boolean {
    return this.jobs.size > 0;
  }

  async paintAsync(recipes: readonly Recipe[], options: PaintOptions): Promise<Picture[]> {
    const { previewEvery = 0, signal } = options;
    const onStep = ({ previews, ...step }: Step) =>
      options.onStep?.({ ...step, previews: previews && this.toPictures(previews, recipes[0]!) });
    const { pictures } = await this.do({ type: 'paint', recipes, previewEvery }, { signal }, onStep);
    return this.toPictures(pictures, recipes[0]!);
  }

  /** Its later jobs wait for it. */
  async addPartAsync(part: OptionalPart, files: Record<string, Uint8Array>): Promise<string> {
    return (await this.do({ type: 'part', part, files }, {})).hash;
  }

  /** Its later jobs wait for it. */
  async addClassifierAsync(name: string, files: Record<string, Uint8Array>): Promise<void> {
    await this.do({ type: 'classifier', name, files }, {});
  }

  async traceAsync(recipe: Recipe, options: WorkOptions): Promise<(number | null)[]> {
    return (await this.do({ type: 'trace', recipe }, options)).norms;
  }

  async encodeAsync(pixels: Uint8Array, options: WorkOptions): Promise<Latents> {
    return (await this.do({ type: 'encode', pixels }, options)).latents;
  }

  async decodeAsync(latents: Latents, options: WorkOptions): Promise<Uint8Array> {
    return (await this.do({ type: 'decode', latents }, options)).pixels;
  }

  /** Ends the worker; what it loads or paints rejects. */
  end(reason: unknown): void {
    this.hasEnded = true;
    clearInterval(this.heartbeat);
    this.worker.terminate();
    this.settle.reject(reason);
    for (const job of this.jobs.values()) job.reject(reason);
  }

  /** Has the worker do a job, and waits for its answer. */
  private do<Message extends Unnumbered<Job>>(
    message: Message,
    { signal }: WorkOptions,
    onStep?: (step: Step) => void,
  ): Promise<AnswerTo<Message['type']>> {
    const job = this.numJobs++;
    const abort = () => this.tell({ type: 'abort', job });
    const done = new Promise<FromWorker>((resolve, reject) => {
      this.jobs.set(job, { onStep, resolve, reject });
    }) as Promise<AnswerTo<Message['type']>>;
    signal?.addEventListener('abort', abort);
    this.tell({ ...message, job });
    this.watch();
    return done
      .catch((error) => {
        throw signal?.aborted ? signal.reason : error;
      })
      .finally(() => {
        this.jobs.delete(job);
        signal?.removeEventListener('abort', abort);
      });
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  /** Looks after the worker while something is expected from it. */
  private watch(): void {
    if (this.heartbeat !== undefined || this.hasEnded) return;
    this.numSilent = 0;
    this.heartbeat = setInterval(() => {
      if (!this.isLoading && !this.isBusy) {
        clearInterval(this.heartbeat);
        this.heartbeat = undefined;
      } else if (++this.numSilent > MAX_SILENT) {
        this.end(new Error('worker: it has stopped answering, perhaps for want of memory; try again'));
      } else this.tell({ type: 'ping' });
    }, this.heartbeatMs);
  }

  private hear(message: FromWorker): void {
    this.numSilent = 0;
    const job = 'job' in message && message.job !== null ? this.jobs.get(message.job) : undefined;
    switch (message.type) {
      case 'loaded':
        this.info = message.info;
        this.isLoading = false;
        this.settle.resolve(message);
        break;
      case 'step':
        job?.onStep?.(message);
        break;
      case 'failed':
        if (message.job === null) this.end(heardError(message));
        else job?.reject(heardError(message));
        break;
      case 'alive':
        break;
      default:
        job?.resolve(message);
    }
  }

  private toPictures(pictures: GeneratedPicture[], recipe: Recipe): Picture[] {
    const [widthPx, heightPx] = imageSize(this.info!, recipe);
    return pictures.map((picture) => new PixelPicture(picture, widthPx, heightPx));
  }
}
