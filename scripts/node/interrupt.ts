import { setImmediate } from 'node:timers/promises';

/** Ctrl-C, after what was begun has been brought to a clean end. */
export class InterruptError extends Error {
  override readonly name = 'InterruptError';
  /** 128 + SIGINT, as shells have it. */
  readonly exitCode = 130;
}

/**
 * Runs a job whose signal fires on the first Ctrl-C; a second one ends the process at once. The job has to give way to
 * events from time to time: see `letEventsIn`.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = () => controller.abort(new InterruptError('interrupted'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await job(controller.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Waits until signals and timers have had their turn; computing on wasm or cpu alone never does. */
export async function letEventsIn(): Promise<void> {
  await setImmediate();
}
