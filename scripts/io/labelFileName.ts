import { UsageError } from './cliErrors.ts';

const MAX_LENGTH = 100;

/** What no file name of any system may hold, path separators among them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\\/:*?"<>|\x00-\x1f\x7f]/;

/**
 * The name of one picture without its ending. Labels come from a model's file, which is not to be trusted.
 *
 * @throws UsageError for a label that would leave the folder, or that no file can be named after
 */
export function labelFileName(label: string, seed: number): string {
  const isSafe = !FORBIDDEN.test(label) && !label.startsWith('.') && label.length > 0 && label.length <= MAX_LENGTH;
  if (isSafe) return `${label}-${seed}`;
  const quoted = JSON.stringify(label.slice(0, MAX_LENGTH));
  throw new UsageError(
    `bake: the model's label ${quoted} cannot name a file: no slash, "..", colon or the like may be in it; choose other labels with --label`,
  );
}
