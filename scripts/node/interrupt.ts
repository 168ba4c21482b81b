import { setImmediate } from 'node:timers/promises';

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 };

type EndingSignal = keyof typeof SIGNAL_NUMBERS;

/** Ctrl-C or SIGTERM, after what was begun has been brought to a clean end. */
export class InterruptError extends Error {
  override readonly name = 'InterruptError';
  /** 128 + the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(
    message: string,
    readonly signal: EndingSignal = 'SIGINT',
  ) {
    super(message);
    this.exitCode = 128 + SIGNAL_NUMBERS[signal];
  }

  /** The same end, told with what was done before it. */
  static after(reason: unknown, message: string): InterruptError {
    return new InterruptError(message, reason instanceof InterruptError ? reason.signal : 'SIGINT');
  }
}

/**
 * Runs a job whose signal fires on the first Ctrl-C or SIGTERM; a second one ends the process at once. The job has to give way to
 * events from time to time: see `letEventsIn`.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (name: EndingSignal) => controller.abort(new InterruptError('interrupted', name));
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
