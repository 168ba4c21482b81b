import { quote } from '../runtime/index.ts';
import { abortError } from './abortError.ts';
import { tell } from './tell.ts';

/** Does the work of one batch; `requests` differ in their key and agree in their batch key. */
export type RunBatch<Request, Result, Step> = (
  requests: Request[],
  options: { signal: AbortSignal; onStep: (step: Step) => void },
) => Promise<Result[]>;

export interface QueueOptions<Request, Result, Step> {
  /**
   * Gives one result for each request, in order, and keeps those that nobody waits for any more. Keeps its lane until it has
   * settled, also when aborted.
   */
  run: RunBatch<Request, Result, Step>;
  /** Requests of the same key share one job and one result. */
  keyOf: (request: Request) => string;
  /** Gives the request that serves both, when one of the same key joins a job that waits; default: the waiting one. */
  join?: (waiting: Request, joining: Request) => Request;
  /** Requests of the same batch key, and of the same priority, may run in one batch. */
  batchKeyOf: (request: Request) => string;
  /** Requests in one batch at most, from 1. */
  batchSize: number;
  /** Batches that run at once, from 1. */
  numLanes: number;
  /** Told when `length` has changed. */
  onLengthChange?: (length: number) => void;
}

export interface WaitOptions<Step> {
  /** Higher goes first; default 0. */
  priority?: number;
  /** Ends this caller's waiting. */
  signal?: AbortSignal;
  /** Told of the batch's steps from now on, and of the request's place in it; what it throws ends this caller's waiting. */
  onStep?: (step: Step, indexInBatch: number) => void;
}

interface Caller<Result, Step> {
  priority: number;
  onStep?: (step: Step, indexInBatch: number) => void;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

interface Job<Request, Result, Step> {
  readonly key: string;
  readonly batchKey: string;
  request: Request;
  readonly callers: Set<Caller<Result, Step>>;
  /** null while it waits. */
  batch: Batch<Request, Result, Step> | null;
}

interface Batch<Request, Result, Step> {
  readonly jobs: Job<Request, Result, Step>[];
  readonly controller: AbortController;
}

/**
 * Lets requests wait for one of a few lanes, the highest priority first and in order of arrival among equals, and shares
 * a job among all who ask for the same.
 *
 *   const queue = new GenerationQueue({ run: paint, keyOf, batchKeyOf, batchSize: 8, numLanes: 1 });
 *   const picture = await queue.request(recipe, { priority: 1, signal });
 *
 * A job has the priority of its most urgent caller, and goes on as long as a caller of its batch is left. Requests made
 * in the same task are ordered and batched together: batches start in the microtask after.
 */
export class GenerationQueue<Request, Result, Step = never> {
  /** Jobs that can be joined, waiting or running, by key, in order of arrival. */
  private readonly jobs = new Map<string, Job<Request, Result, Step>>();
  /** The batches that hold a lane. An aborted batch holds its lane until it has settled. */
  private readonly batches = new Set<Batch<Request, Result, Step>>();
  private isStartScheduled = false;
  private isDisposed = false;
  private lastLength = 0;

  /** @throws RangeError when `batchSize` or `numLanes` is no positive integer */
  constructor(private readonly options: QueueOptions<Request, Result, Step>) {
    for (const name of ['batchSize', 'numLanes'] as const) {
      if (Number.isInteger(options[name]) && options[name] > 0) continue;
      throw new RangeError(`GenerationQueue: ${name} is ${options[name]}; expected a positive integer`);
    }
  }

  /** Jobs that wait or run. An aborted batch no longer counts, although it holds its lane until it has settled. */
  get length(): number {
    return this.jobs.size;
  }

  /**
   * Waits for the result of a request, which other callers may share.
   *
   * @throws the reason of the caller's signal, at once; what `run` or the caller's `onStep` threw; the reason of `clear`;
   *         RangeError for a priority that is no number; Error when the queue is disposed
   */
  request(request: Request, options: WaitOptions<Step> = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { priority = 0, signal, onStep } = options;
      if (this.isDisposed) throw abortError('request: the queue is disposed; create another generator');
      if (typeof priority !== 'number' || Number.isNaN(priority)) {
        throw new RangeError(`request: priority is ${quote(priority)}; expected a number, 0 by default`);
      }
      signal?.throwIfAborted();
      const job = this.jobFor(request);
      const onAbort = () => this.leave(job, caller, signal!.reason);
      const unlisten = () => signal?.removeEventListener('abort', onAbort);
      const caller: Caller<Result, Step> = {
        priority,
        onStep,
        resolve: (result) => {
          unlisten();
          resolve(result);
        },
        reject: (reason) => {
          unlisten();
          reject(reason);
        },
      };
      job.callers.add(caller);
      signal?.addEventListener('abort', onAbort);
      this.changed();
    });
  }

  /** Rejects all callers and aborts what runs; the queue goes on. */
  clear(reason: unknown = abortError('clear: the queue was cleared')): void {
    const jobs = [...this.jobs.values()];
    this.jobs.clear();
    for (const job of jobs) rejectCallers(job, reason);
    for (const { controller } of this.batches) controller.abort(reason);
    this.changed();
  }

  /** Clears the queue with an AbortError; later requests reject. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.clear(abortError('dispose: the queue was disposed'));
  }

  private jobFor(request: Request): Job<Request, Result, Step> {
    const key = this.options.keyOf(request);
    const shared = this.jobs.get(key);
    if (shared?.batch === null && this.options.join) shared.request = this.options.join(shared.request, request);
    if (shared) return shared;
    const batchKey = this.options.batchKeyOf(request);
    const job: Job<Request, Result, Step> = { key, batchKey, request, callers: new Set(), batch: null };
    this.jobs.set(key, job);
    return job;
  }

  /** Rejects one caller; a job that waits for nobody is dropped, a batch that runs for nobody is aborted. */
  private leave(job: Job<Request, Result, Step>, caller: Caller<Result, Step>, reason: unknown): void {
    job.callers.delete(caller);
    caller.reject(reason);
    const together = job.batch?.jobs ?? [job];
    if (together.some(({ callers }) => callers.size > 0)) return;
    this.forget(together);
    job.batch?.controller.abort(reason);
    this.changed();
  }

  /** Later requests of these keys get jobs of their own. */
  private forget(jobs: Job<Request, Result, Step>[]): void {
    for (const job of jobs) if (this.jobs.get(job.key) === job) this.jobs.delete(job.key);
  }

  /** Starts what can start once the current task has made all its requests, and tells a new length. */
  private changed(): void {
    if (!this.isStartScheduled) queueMicrotask(() => this.startBatches());
    this.isStartScheduled = true;
    if (this.lastLength === this.length) return;
    this.lastLength = this.length;
    tell(this.options.onLengthChange, this.length);
  }

  private startBatches(): void {
    this.isStartScheduled = false;
    while (this.batches.size < this.options.numLanes) {
      const jobs = this.nextJobs();
      if (jobs.length === 0) return;
      const batch = { jobs, controller: new AbortController() };
      for (const job of jobs) job.batch = batch;
      this.batches.add(batch);
      void this.runBatch(batch);
    }
  }

  /** The most urgent job, and those behind it that may share its batch. */
  private nextJobs(): Job<Request, Result, Step>[] {
    let highest = Number.NEGATIVE_INFINITY;
    let urgent: Job<Request, Result, Step>[] = [];
    for (const job of this.jobs.values()) {
      if (job.batch !== null) continue;
      const priority = priorityOf(job);
      if (priority > highest) urgent = [];
      highest = Math.max(highest, priority);
      if (priority === highest) urgent.push(job);
    }
    return urgent.filter(({ batchKey }) => batchKey === urgent[0]!.batchKey).slice(0, this.options.batchSize);
  }

  /** Never rejects: what `run` throws goes to the callers. */
  private async runBatch(batch: Batch<Request, Result, Step>): Promise<void> {
    const { jobs, controller } = batch;
    let settle: (job: Job<Request, Result, Step>, index: number) => void;
    try {
      const results = await this.options.run(
        jobs.map(({ request }) => request),
        { signal: controller.signal, onStep: (step) => this.passOn(step, jobs) },
      );
      assertNumResults(results, jobs);
      settle = (job, index) => resolveCallers(job, results[index]!);
    } catch (error) {
      settle = (job) => rejectCallers(job, error);
    }
    this.batches.delete(batch);
    this.forget(jobs);
    jobs.forEach(settle);
    this.changed();
  }

  /** Callers may leave or come while they are told of a step. */
  private passOn(step: Step, jobs: Job<Request, Result, Step>[]): void {
    for (const [index, job] of jobs.entries()) {
      for (const caller of [...job.callers]) {
        if (!job.callers.has(caller)) continue;
        try {
          caller.onStep?.(step, index);
        } catch (error) {
          if (job.callers.has(caller)) this.leave(job, caller, error);
        }
      }
    }
  }
}

function priorityOf<Request, Result, Step>({ callers }: Job<Request, Result, Step>): number {
  return Math.max(...Array.from(callers, ({ priority }) => priority));
}

function resolveCallers<Request, Result, Step>({ callers }: Job<Request, Result, Step>, result: Result): void {
  for (const caller of callers) caller.resolve(result);
  callers.clear();
}

function rejectCallers<Request, Result, Step>({ callers }: Job<Request, Result, Step>, reason: unknown): void {
  for (const caller of callers) caller.reject(reason);
  callers.clear();
}

function assertNumResults(results: readonly unknown[], jobs: readonly unknown[]): void {
  if (results.length === jobs.length) return;
  throw new Error(
    `GenerationQueue: run gave ${results.length} results for ${jobs.length} requests; it must give one each`,
  );
}
