/** A mistake in the user's options or files: reported as one line, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs what a user's options or data decide on.
 *
 * @param work   may be asynchronous
 * @param source what the message begins with, such as an option or a command; or how the message is made of the error's own
 * @throws       UsageError in place of a RangeError; other errors as they are
 */
export function rangeAsUsageError<T>(work: () => T, source?: string | ((message: string) => string)): T {
  const report = (error: unknown): never => {
    if (!(error instanceof RangeError)) throw error;
    const { message } = error;
    if (typeof source === 'function') throw new UsageError(source(message));
    throw new UsageError(source ? `${source}: ${message}` : message);
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(report) as T) : result;
  } catch (error) {
    return report(error);
  }
}

/** Runs a function whose errors are about somebody's files, and reports them as mistakes of theirs. */
export function orUsageError<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
