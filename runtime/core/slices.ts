// Long work is written as a generator that pauses between slices of it. Here is how such a generator is run: at once, until
// a signal aborts it, or at the pace of whoever else uses the thread.

/** Runs slices to their result at once, without a pause. */
export function runToEnd<T>(slices: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value as T;
  }
}

/** Runs slices with a pause, null, after each; gives them up with the signal's reason once it is aborted. */
export function* abortable<T>(slices: Generator<unknown, T>, signal: AbortSignal | undefined): Generator<null, T> {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = slices.next();
      if (done) return value as T;
      yield null;
    }
  } finally {
    slices.return(undefined as never);
  }
}

/** The moments at which work in slices waits, so that other work on the same thread gets its turn. */
export interface Pace {
  /** Awaited before each slice, which is a few milliseconds of work at most. */
  slice?(): Promise<void>;
  /** Awaited after each denoising step. */
  step?(): Promise<void>;
}

/** How slices are run while other work goes on beside them: at which pace, until which signal, and by which function. */
export interface PacedRun {
  pace: Pace;
  signal?: AbortSignal;
  /** Runs one slice; a caller may put another function in its place, for example one that compiles and does not compute. */
  runSlice?: <T>(slice: () => T) => T;
}

/**
 * Runs slices until they yield a value other than null.
 *
 * @returns the value, or undefined when the slices are at their end
 * @throws  the signal's reason, before a slice
 */
export async function nextValue<T>(slices: Generator<T | null, unknown>, run: PacedRun): Promise<T | undefined> {
  for (;;) {
    const { done, value } = await pacedSlice(slices, run);
    if (done) return undefined;
    if (value !== null) return value as T;
  }
}

/**
 * Runs slices to their result; after an error or an abort they are given up, and free what they hold.
 *
 * @throws the signal's reason, before a slice
 */
export function resultOf<T>(slices: Generator<unknown, T>, run: PacedRun): Promise<T> {
  return stepsAndResult(slices, run, () => {});
}

/**
 * Runs slices to their result, as `resultOf`, and waits for `onStep` with every value but null that they yield.
 *
 * @throws the signal's reason, before a slice; what `onStep` throws
 */
export async function stepsAndResult<Step, T>(
  slices: Generator<Step | null, T>,
  run: PacedRun,
  onStep: (step: Step) => void | Promise<void>,
): Promise<T> {
  try {
    for (;;) {
      const { done, value } = await pacedSlice(slices, run);
      if (done) return value as T;
      if (value !== null && value !== undefined) await onStep(value as Step);
    }
  } finally {
    slices.return(undefined as never);
  }
}

async function pacedSlice<T, Result>(
  slices: Generator<T, Result>,
  { pace, signal, runSlice = (slice) => slice() }: PacedRun,
): Promise<IteratorResult<T, Result>> {
  await pace.slice?.();
  signal?.throwIfAborted();
  return runSlice(() => slices.next());
}
