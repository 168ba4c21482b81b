import { CommanderError } from 'commander';
import { messageOf } from '../../runtime/core/errors.ts';
import { InterruptError } from './interrupt.ts';
import { printable } from './terminal.ts';
import { UsageError } from './usageError.ts';

export interface ErrorReport {
  exitCode: number;
  /** Empty when commander has already printed the message. */
  message: string;
}

/** The runtime's errors about the user's files, by name: importing the classes would load TensorFlow.js for `--help`. */
const FILE_ERRORS = ['DatasetError', 'ModelFileError', 'MissingFileError'];

/** The exit code of a mistake in the user's options or files. */
export const MISTAKE = 2;
const FAILURE = 1;

/** Errors of the file system that mean that the given path is wrong. */
const PATH_ERRORS = ['EACCES', 'EEXIST', 'EISDIR', 'ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EPERM', 'EROFS', 'ENAMETOOLONG'];

/** Exit code and message for an error: code 2 for a mistake in the user's options or files, 1 for any other failure. */
export function describeError(error: unknown): ErrorReport {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : MISTAKE, message: '' };
  if (error instanceof InterruptError) return { exitCode: error.exitCode, message: error.message };
  return { exitCode: isMistake(error) ? MISTAKE : FAILURE, message: shortMessageOf(error) };
}

function isMistake(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  if (isFileError(error)) return true;
  if (error instanceof RangeError) return isOurs(error);
  return error instanceof Error && 'code' in error && PATH_ERRORS.includes(String(error.code));
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && FILE_ERRORS.includes(error.name);
}

/** Our errors begin with the operation; the engine's own, such as a stack overflow, do not. */
function isOurs({ message }: RangeError): boolean {
  return /^[\w+]+: /.test(message);
}

/** A library's message may carry a whole minified source line along; the first lines say what happened. */
const MAX_LENGTH = 2000;

/** A list of mistakes in the user's files stays whole: it has a line for each and says itself how many it leaves out. */
function shortMessageOf(error: unknown): string {
  const message = printable(messageOf(error).replaceAll('\r\n', '\n'));
  const isList = error instanceof UsageError || isFileError(error);
  return isList ? message.split('\n').map(cut).join('\n') : cut(message);
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
