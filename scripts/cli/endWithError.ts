import { coloursFor } from '../node/colours.ts';
import { describeError } from '../node/describeError.ts';

/** Prints what went wrong as one line and ends the process with the exit code for it. */
export function endWithError(error: unknown): never {
  const { exitCode, message } = describeError(error);
  if (message !== '') console.error(coloursFor(process.stderr).red(`error: ${message}`));
  process.exit(exitCode);
}
