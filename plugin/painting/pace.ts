// Work in slices, at the pace of whoever else uses the thread.

/** Where work lets others in. */
export interface Pace {
  /** Before each slice, which is a few milliseconds of work at most. */
  slice?(): Promise<void>;
  /** After each denoising step. */
  step?(): Promise<void>;
}

export interface Run {
  pace: Pace;
  signal?: AbortSignal;
  /** Runs one slice; a caller may put another in its place, for example one that compiles and does not compute. */
  runSlice?: <T>(slice: () => T) => T;
}

/** Goes on to what the slices yield next; undefined at their end. @throws the signal's reason, before a slice */
export async function nextValue<T>(slices: Generator<T | null, unknown>, run: Run): Promise<T | undefined> {
  for (;;) {
    const { done, value } = await nextSlice(slices, run);
    if (done) return undefined;
    if (value !== null) return value as T;
  }
}

/** Runs slices to their result, or gives them up. @throws the signal's reason, before a slice */
export function resultOf<T>(slices: Generator<unknown, T>, run: Run): Promise<T> {
  return stepsAndResult(slices, run, () => {});
}

/**
 * Runs slices to their result, or gives them up, and waits for `onStep` with what they yield in between that is not null.
 *
 * @throws the signal's reason, before a slice
 */
export async function stepsAndResult<Step, T>(
  slices: Generator<Step | null | void, T>,
  run: Run,
  onStep: (step: Step) => void | Promise<void>,
): Promise<T> {
  try {
    for (;;) {
      const { done, value } = await nextSlice(slices, run);
      if (done) return value as T;
      if (value) await onStep(value as Step);
    }
  } finally {
    slices.return(undefined as never); // frees what an abort leaves
  }
}

async function nextSlice<T, Result>(
  slices: Generator<T, Result>,
  { pace, signal, runSlice = (slice) => slice() }: Run,
): Promise<IteratorResult<T, Result>> {
  await pace.slice?.();
  signal?.throwIfAborted();
  return runSlice(() => slices.next());
}
