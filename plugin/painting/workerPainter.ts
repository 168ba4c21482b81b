import type { BackendChoice, ModelInfo, Recipe } from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import type { Latents } from '../latents.ts';
import type { OptionalPart, Painter, PaintOptions, Picture, WorkOptions } from './painter.ts';
import type { Turns } from './turns.ts';
import { WorkerLane } from './workerLane.ts';
import type { Loaded, ToWorker } from './workerMessages.ts';

export interface WorkerPainterOptions {
  /** Workers at most. Each holds the model; the second and later ones start when there is work for them. */
  numWorkers: number;
  createWorker: () => Worker;
  /** Shared by painters that are not to be at work in more workers together; by default each is free of the others. */
  turns?: Turns;
  wasmPaths?: string | Record<string, string>;
  /** The same limit as a generator's. */
  maxPixels?: number;
  /** Between two looks at a worker that is at work; for tests. */
  heartbeatMs?: number;
}

/** Paints in web workers on wasm, one batch at a time in each; the page's thread only hears of it. */
export class WorkerPainter implements Painter {
  readonly batchSize = 1;
  private isDisposed = false;
  private lanes: WorkerLane[] = [];
  private readonly classifiers = new Map<string, Record<string, Uint8Array>>();
  private readonly parts = new Map<OptionalPart, Record<string, Uint8Array>>();

  /** @param files a model folder, path → bytes; each worker gets a copy */
  static async CreateAsync(
    files: Record<string, Uint8Array>,
    name: string,
    options: WorkerPainterOptions,
  ): Promise<WorkerPainter> {
    const load: ToWorker = { type: 'load', files, name, wasmPaths: options.wasmPaths, maxPixels: options.maxPixels };
    const startLane = () => new WorkerLane(options.createWorker(), load, options.heartbeatMs);
    const first = startLane();
    try {
      return new WorkerPainter(first, await first.loaded, startLane, options);
    } catch (error) {
      first.end(error);
      throw error;
    }
  }

  readonly info: ModelInfo;
  readonly backend: BackendChoice;
  readonly numLanes: number;
  private readonly turns: Turns | undefined;

  private constructor(
    first: WorkerLane,
    { info, backend }: Loaded,
    private startLane: (() => WorkerLane) | null,
    { numWorkers, turns }: WorkerPainterOptions,
  ) {
    this.numLanes = numWorkers;
    this.turns = turns;
    this.info = info;
    this.backend = backend;
    this.lanes.push(first);
  }

  /** Workers compile their wasm when they start. */
  async warmUpAsync(): Promise<void> {
    await Promise.all(this.lanes.map(({ loaded }) => loaded));
  }

  async addPartAsync(part: OptionalPart, files: Record<string, Uint8Array>): Promise<string> {
    if (this.isDisposed) throw this.disposedError();
    this.parts.set(part, files);
    return this.inAll((lane) => lane.addPartAsync(part, files));
  }

  async addClassifierAsync(name: string, files: Record<string, Uint8Array>): Promise<void> {
    if (this.isDisposed) throw this.disposedError();
    this.classifiers.set(name, files);
    try {
      await this.inAll((lane) => lane.addClassifierAsync(name, files));
    } catch (error) {
      this.classifiers.delete(name);
      throw error;
    }
  }

  async paintAsync(recipes: readonly Recipe[], options: PaintOptions = {}): Promise<Picture[]> {
    return this.inOne(options, (lane) => lane.paintAsync(recipes, options));
  }

  async traceAsync(recipe: Recipe, options: WorkOptions = {}): Promise<(number | null)[]> {
    return this.inOne(options, (lane) => lane.traceAsync(recipe, options));
  }

  async encodeAsync(pixels: Uint8Array, options: WorkOptions = {}): Promise<Latents> {
    return this.inOne(options, (lane) => lane.encodeAsync(pixels, options));
  }

  async decodeAsync(latents: Latents, options: WorkOptions = {}): Promise<Uint8Array> {
    return this.inOne(options, (lane) => lane.decodeAsync(latents, options));
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    for (const lane of this.lanes) lane.end(this.disposedError());
    this.startLane = null; // it holds the model's files
    this.parts.clear();
    this.classifiers.clear();
  }

  /** Has one worker do a job, in its turn. */
  private inOne<Result>(options: WorkOptions, job: (lane: WorkerLane) => Promise<Result>): Promise<Result> {
    const work = () => this.inOneNow(options, job);
    return this.turns?.take(work, options.signal) ?? work();
  }

  /** When the worker ends meanwhile, another does the job, once. */
  private async inOneNow<Result>(options: WorkOptions, job: (lane: WorkerLane) => Promise<Result>): Promise<Result> {
    const lane = this.laneFor(options);
    try {
      return await job(lane);
    } catch (error) {
      if (!lane.hasEnded || this.isDisposed || options.signal?.aborted) throw error;
      return job(this.laneFor(options, true));
    }
  }

  /** Has all workers do a job. Those that end meanwhile do not count, unless all do. */
  private async inAll<Result>(job: (lane: WorkerLane) => Promise<Result>): Promise<Result> {
    const lanes = this.liveLanes();
    const results = await Promise.allSettled((lanes.length > 0 ? lanes : [this.laneFor({})]).map(job));
    const failed = results.find(({ status }, i) => status === 'rejected' && !lanes[i]?.hasEnded);
    const done = results.find(({ status }) => status === 'fulfilled');
    const result = (failed ?? done ?? results[0])!;
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }

  private liveLanes(): WorkerLane[] {
    this.lanes = this.lanes.filter(({ hasEnded }) => !hasEnded);
    return this.lanes;
  }

  /**
   * A worker that has ended is replaced.
   *
   * @param isAgain after a worker has ended: one that works is preferred to a new one, which may fail as that did
   */
  private laneFor({ signal }: WorkOptions, isAgain = false): WorkerLane {
    if (this.isDisposed) throw this.disposedError();
    signal?.throwIfAborted();
    const lanes = this.liveLanes();
    const working = isAgain ? lanes.filter(({ isLoaded }) => isLoaded) : [];
    const free = (working.length > 0 ? working : lanes).find(({ isBusy }) => !isBusy);
    if (free) return free;
    if (working.length > 0) return working[0]!; // it takes its messages in turn
    if (lanes.length >= this.numLanes) return lanes[0]!;
    const lane = this.startLane!();
    for (const [part, files] of this.parts) lane.addPartAsync(part, files).catch(() => {}); // whoever paints with it is told
    for (const [name, files] of this.classifiers) lane.addClassifierAsync(name, files).catch(() => {}); // the same
    this.lanes.push(lane);
    return lane;
  }

  private disposedError(): DOMException {
    return abortError(`generate: the generator of ${this.info.name} was disposed`);
  }
}
