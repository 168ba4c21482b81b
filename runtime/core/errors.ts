/** The message of an error; for other thrown values, the value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : String(error);
}

/** The most characters of an error's message; longer ones are cut off. */
export const MAX_MESSAGE_LENGTH = 1000;

/** The most characters of a file's name in a message, so that there is room for what is wrong with the file. */
const MAX_FILE_NAME_LENGTH = 250;

/** A model file that is damaged, or not what it claims to be; the message names the file. */
export class ModelFileError extends Error {
  override name = 'ModelFileError';
  readonly fileName: string;
  readonly problem: string;

  constructor(operation: string, fileName: string, problem: string) {
    super(shortened(`${operation}: ${shortened(fileName, MAX_FILE_NAME_LENGTH)}: ${problem}`, MAX_MESSAGE_LENGTH));
    this.fileName = fileName;
    this.problem = problem;
  }
}

/** A file that is missing from its model folder. */
export class MissingFileError extends ModelFileError {
  override name = 'MissingFileError';
}

/** @returns the text itself, or its beginning with an ellipsis */
export function shortened(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

const MAX_QUOTED_LENGTH = 80;

/** A value that is not trusted, quoted for an error message: texts escaped, and never longer than a line. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value.slice(0, MAX_QUOTED_LENGTH + 1) : value;
  const json = jsonOf(text);
  return json.length <= MAX_QUOTED_LENGTH ? json : `${json.slice(0, MAX_QUOTED_LENGTH)}…`;
}

/** A value as JSON, or in words where JSON has none for it: NaN, undefined, or an object that holds itself. */
function jsonOf(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value) ?? 'an object';
  } catch {
    return 'an object';
  }
}
