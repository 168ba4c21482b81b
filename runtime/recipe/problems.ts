import type * as v from 'valibot';
import { MAX_MESSAGE_LENGTH, quote, shortened } from '../core/errors.ts';

/** What is wrong with one entry of a recipe. */
export interface RecipeProblem {
  /** The entry, such as `guidanceScale` or `interpolate`. */
  entry: string;
  /** What it is, what was expected, and the remedy where there is one. */
  message: string;
}

const MAX_SHOWN_LENGTH = 40;

/** A recipe that can't be made; `problems` lists everything that is wrong with it. */
export class RecipeError extends RangeError {
  override readonly name = 'RecipeError';

  constructor(
    operation: string,
    readonly problems: readonly RecipeProblem[],
  ) {
    const [first, ...others] = problems;
    const more =
      others.length > 0 ? ` (and ${others.length} more: ${others.map(({ entry }) => entry).join(', ')})` : '';
    super(shortened(`${operation}: ${first?.message ?? 'the recipe is wrong'}${more}`, MAX_MESSAGE_LENGTH));
  }
}

/**
 * Turns an issue that the schema found into a problem with the entry's name, its value and what was expected.
 *
 * @param labels those of the model, of which an example has the first
 */
export function problemOf(issue: v.BaseIssue<unknown>, labels: readonly string[]): RecipeProblem {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  const entry = path[0] ?? 'recipe';
  const isOption = issue.expected === 'never';
  const name = shortened(path.join('.') || entry, MAX_SHOWN_LENGTH);
  if (path.join('.') === 'label' && issue.input === undefined) return { entry, message: missingLabel(issue, labels) };
  if (isOption) return { entry, message: `${name} is unknown; leave it out` };
  return { entry, message: `${name} is ${shown(issue.input)}; ${issue.message}` };
}

/** Somebody may have given several labels, as sets of pictures take them. */
function missingLabel({ path }: v.BaseIssue<unknown>, [example]: readonly string[]): string {
  const hasLabels = Object.hasOwn(Object(path?.[0].input), 'labels');
  return hasLabels
    ? 'label is missing; a picture has one label, not labels; mix another into it by blend: { label, amount }'
    : `label is missing; expected one of the model's, such as { label: ${quote(example)}, seed: 7 }`;
}

/** A value for people: short, and texts in quotation marks. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return `"${shortened(value, MAX_SHOWN_LENGTH)}"`;
  if (Array.isArray(value)) {
    const first = value.slice(0, MAX_SHOWN_LENGTH).map((item) => (Array.isArray(item) ? 'a list' : shown(item)));
    return shortened(`[${first.join(', ')}]`, MAX_SHOWN_LENGTH);
  }
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
