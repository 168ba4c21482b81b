import { nearestWord } from './nearestWord.ts';

/** The numbers from min to max, both included. */
export interface NumberRange {
  min: number;
  max: number;
}

/** What an attribute can be: one of these words, or a number of this range. */
export type AttributeValues = readonly string[] | NumberRange;

/** Attributes by name: `{ hair_colour: ['black', 'brown'], wear: { min: 0, max: 1 } }`. */
export type Vocabulary = Readonly<Record<string, AttributeValues>>;

/** What one picture has of them; an attribute that is absent can be anything. */
export type Attributes = Readonly<Record<string, string | number>>;

/** Stands for "any" among the numbers of `encodeAttribute`. */
export const ANY = -1;

export function isRange(values: AttributeValues): values is NumberRange {
  return !Array.isArray(values);
}

/**
 * Some attributes as numbers, one for each of the vocabulary, in its order: a word's place in its list, a number's place in
 * its range (0 … 1), or `ANY` where the attribute is absent.
 *
 * @param operation begins the message of an error
 * @throws          RangeError for an unknown name or value, with the nearest and the known ones
 */
export function encodeAttributes(operation: string, vocabulary: Vocabulary, attributes: Attributes): number[] {
  const names = Object.keys(vocabulary);
  for (const name of Object.keys(attributes)) {
    if (Object.hasOwn(vocabulary, name)) continue;
    throw new RangeError(shortened(`${operation}: attribute ${quoted(name)} is unknown; ${knownNames(names, name)}`));
  }
  return names.map((name) => {
    const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    return value === undefined ? ANY : encodeAttribute(operation, name, vocabulary[name]!, value);
  });
}

function encodeAttribute(operation: string, name: string, values: AttributeValues, value: string | number): number {
  if (isRange(values)) {
    const { min, max } = values;
    if (typeof value === 'number' && value >= min && value <= max) return (value - min) / (max - min);
    throw new RangeError(`${operation}: ${name} is ${quoted(value)}; expected a number from ${min} to ${max}`);
  }
  const index = values.indexOf(value as string);
  if (index >= 0) return index;
  const nearest = nearestWord(values, String(value));
  throw new RangeError(
    shortened(
      `${operation}: ${name} ${quoted(value)} is unknown; did you mean "${nearest}"? known values: ${values.join(', ')}`,
    ),
  );
}

function knownNames(names: string[], name: string): string {
  if (names.length === 0) return 'this model has no attributes';
  return `did you mean "${nearestWord(names, name)}"? known attributes: ${names.join(', ')}`;
}

const MAX_QUOTED_LENGTH = 80;
const MAX_MESSAGE_LENGTH = 500;

function quoted(value: unknown): string {
  return JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_QUOTED_LENGTH) : value) ?? String(value);
}

function shortened(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH ? message : `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}
