import { describeError } from '../node/describeError.ts';
import { coloursFor, printable } from '../node/terminal.ts';

/** Prints what went wrong as one line, after it the stack where asked for, and ends the process with the exit code for it. */
export function endWithError(error: unknown, isDebugging = false): never {
  const { exitCode, message } = describeError(error);
  if (message !== '') process.stderr.write(`${coloursFor(process.stderr).red(`error: ${message}`)}\n`);
  if (isDebugging && message !== '' && error instanceof Error)
    process.stderr.write(`${printable(error.stack ?? '')}\n`);
  process.exit(exitCode);
}
