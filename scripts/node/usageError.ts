/** A mistake in the user's options or files: reported as one line, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
