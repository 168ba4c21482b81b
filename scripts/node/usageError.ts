/** A mistake in the user's options or files: reported as one line, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs what a user's options or data decide on.
 *
 * @param source what the message begins with, such as an option or a command
 * @throws       UsageError in place of a RangeError; other errors as they are
 */
export function rangeAsUsageError<T>(work: () => T, source?: string): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(source ? `${source}: ${error.message}` : error.message);
  }
}
