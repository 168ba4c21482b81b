// A queue whose runs the test ends.
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { GenerationQueue, type QueueOptions } from '../queue.ts';

export interface Request {
  label: string;
  style?: string;
}

/** One call of `run`, which the test ends. */
export interface Run {
  labels: string[];
  signal: AbortSignal;
  onStep: (step: number) => void;
  /** Ends it with the results 'label!'. */
  finish(): void;
  fail(error: unknown): void;
}

export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
type Options = Partial<QueueOptions<Request, string, number>>;

/** Batches of one on one lane unless told otherwise; `runs` lists the calls of `run` in order. */
export function createQueue(options: Options = {}) {
  const runs: Run[] = [];
  const queue = new GenerationQueue<Request, string, number>({
    run: (requests, { signal, onStep }) =>
      new Promise((resolve, reject) => {
        const labels = requests.map(({ label }) => label);
        runs.push({ labels, signal, onStep, finish: () => resolve(labels.map((label) => `${label}!`)), fail: reject });
      }),
    keyOf: ({ label }) => label,
    batchKeyOf: ({ style = 'plain' }) => style,
    batchSize: 1,
    numLanes: 1,
    ...options,
  });
  return { queue, runs, started: () => runs.map(({ labels }) => labels.join()) };
}

/** Ends the runs in the order in which they start, until none is left. */
export async function finishAll(runs: Run[]): Promise<void> {
  await settled();
  for (let i = 0; i < runs.length; i++) {
    runs[i]!.finish();
    await settled();
  }
}

export function numListeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

/** Fails each test of the file that leaves a rejection to nobody. */
export function failOnUnhandledRejections(): void {
  const unhandled = vi.fn();
  beforeEach(() => {
    unhandled.mockClear();
    process.on('unhandledRejection', unhandled);
  });
  afterEach(async () => {
    await settled();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
}
