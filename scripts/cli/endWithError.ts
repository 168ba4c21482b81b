import { describeError } from '../node/describeError.ts';
import { coloursFor } from '../node/terminal.ts';

/** Prints what went wrong as one line and ends the process with the exit code for it. */
export function endWithError(error: unknown): never {
  const { exitCode, message } = describeError(error);
  if (message !== '') console.error(coloursFor(process.stderr).red(`error: ${message}`));
  process.exit(exitCode);
}
