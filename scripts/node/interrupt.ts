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

/** One Ctrl-C may arrive several times: from the terminal, and once more from each program that started this one. */
const SAME_PRESS_MS = 1000;

/** The listeners of the jobs at work. Where one runs inside of another it comes last, and hears a signal alone. */
const listeners: ((name: EndingSignal) => void)[] = [];

function stopListening(from = 0, count = listeners.length): void {
  for (const listener of listeners.splice(from, count)) process.off('SIGINT', listener).off('SIGTERM', listener);
}

/**
 * Runs a job whose signal fires on the first Ctrl-C or SIGTERM; another one, a second later or more, ends the process at once. The
 * job has to give way to events from time to time: see `letEventsIn`.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let firstMs = 0;
  const onSignal = (name: EndingSignal) => {
    if (listeners.at(-1) !== onSignal) return;
    if (!controller.signal.aborted) {
      firstMs = performance.now();
      controller.abort(new InterruptError('interrupted', name));
    } else if (performance.now() - firstMs >= SAME_PRESS_MS) {
      stopListening();
      process.kill(process.pid, name); // nobody listens any more, so it ends the process
    }
  };
  listeners.push(onSignal);
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await job(controller.signal);
  } finally {
    const place = listeners.indexOf(onSignal);
    if (place >= 0) stopListening(place, 1);
  }
}

/**
 * Runs a job that has nothing to bring to an end: the first Ctrl-C or SIGTERM gives it up at once, but for an `interruptible` one
 * inside of it, which ends in its own way.
 *
 * @throws InterruptError with the message
 */
export function abandonable<T>(job: () => Promise<T>, message: string): Promise<T> {
  return interruptible((signal) => {
    const interrupted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(InterruptError.after(signal.reason, message)), { once: true });
    });
    return Promise.race([job(), interrupted]);
  });
}

/** Waits until signals and timers have had their turn; computing on wasm or cpu alone never does. */
export async function letEventsIn(): Promise<void> {
  await setImmediate();
}
