// Errors on their way from a worker to its page: there an error of a class of our own would be a plain one.
import { MissingFileError, ModelFileError } from '../../runtime/index.ts';

/** A worker did not start: its script is not there, or a policy allows none. */
export class WorkerStartError extends Error {}

/** An error as a worker sends it. */
export interface SentError {
  error: Error;
  /** Which file was wrong, and how, where a file of the model caused the error; absent for other errors. */
  file?: { isMissing: boolean; fileName: string; problem: string };
}

export function sentError(error: Error): SentError {
  if (!(error instanceof ModelFileError)) return { error };
  const { fileName, problem } = error;
  return { error, file: { isMissing: error instanceof MissingFileError, fileName, problem } };
}

/** The error as it was thrown in the worker. */
export function heardError({ error, file }: SentError): Error {
  if (!file) return error;
  const { isMissing, fileName, problem } = file;
  const heard = new (isMissing ? MissingFileError : ModelFileError)('', fileName, problem);
  return Object.assign(heard, { message: error.message });
}
