import { quote } from './errors.ts';
import { listed } from './listed.ts';
import { nearestWord } from './nearestWord.ts';
import { isObject } from './untrustedJson.ts';

/** What data sets, networks and models may have of attributes, since tables are laid out for all of them. */
export const MAX_ATTRIBUTES = 64;
/** The most words of an attribute. */
export const MAX_ATTRIBUTE_WORDS = 1024;
/** The most characters of the name of an attribute, and of a word. */
export const MAX_WORD_LENGTH = 200;

/** The numbers from min to max, both included. */
export interface NumberRange {
  min: number;
  max: number;
}

/** What an attribute can be: one of these words, or a number of this range. */
export type AttributeValues = readonly string[] | NumberRange;

/** Attributes by name: `{ hair_colour: ['black', 'brown'], wear: { min: 0, max: 1 } }`. */
export type Vocabulary = Readonly<Record<string, AttributeValues>>;

/** What one picture has of them; an attribute that is absent, or undefined, can be anything. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Leaves an attribute open, as if it were not named. */
export const ANY_WORD = 'any';

/** Stands for "any" among the numbers of `encodeAttributes`. */
export const ANY = -1;

/** Whether an attribute is a number of a range; else it is one of some words. */
export function isRange(values: AttributeValues): values is NumberRange {
  return !Array.isArray(values);
}

/** Whether a value asks for nothing: it is undefined, or "any" where the attribute has no such word. */
export function isOpen(values: AttributeValues, value: unknown): boolean {
  if (value === undefined) return true;
  return value === ANY_WORD && (isRange(values) || !values.includes(ANY_WORD));
}

/** What is wrong with an attribute, naming the nearest word and the known ones; undefined when it is of the vocabulary. */
export function attributeProblem(vocabulary: Vocabulary, name: string, value: unknown): string | undefined {
  if (!Object.hasOwn(vocabulary, name)) {
    const names = Object.keys(vocabulary);
    const asked = `attribute ${quote(name)} is unknown`;
    return names.length === 0
      ? `${asked}; this model has no attributes`
      : `${asked}; ${nearest(names, name, 'attributes')}`;
  }
  const values = vocabulary[name]!;
  if (isOpen(values, value)) return undefined;
  if (isRange(values)) {
    const { min, max } = values;
    if (typeof value === 'number' && value >= min && value <= max) return undefined;
    return `${name} is ${quote(value)}; expected a number from ${min} to ${max}`;
  }
  if (typeof value === 'string' && values.includes(value)) return undefined;
  return `${name} ${quote(value)} is unknown; ${nearest(values, String(value), 'values')}`;
}

/**
 * Some attributes as numbers, one for each of the vocabulary, in its order: a word's place in its list, a number's place in
 * its range (0 … 1), or `ANY` where the attribute is absent, or "any".
 *
 * @param operation begins the message of an error
 * @throws          RangeError for an unknown name or value, with the nearest and the known ones, and for what is no object
 */
export function encodeAttributes(operation: string, vocabulary: Vocabulary, attributes: Attributes): number[] {
  if (!isObject(attributes)) {
    throw new RangeError(`${operation}: attributes is ${quote(attributes)}; expected an object`);
  }
  for (const [name, value] of Object.entries(attributes)) {
    const problem = attributeProblem(vocabulary, name, value);
    if (problem) throw new RangeError(`${operation}: ${problem}`);
  }
  return Object.entries(vocabulary).map(([name, values]) => {
    const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (isOpen(values, value)) return ANY;
    return isRange(values)
      ? ((value as number) - values.min) / (values.max - values.min)
      : values.indexOf(String(value));
  });
}

/** The attributes that `encodeAttributes` made these numbers of; those of any are absent. */
export function decodeAttributes(vocabulary: Vocabulary, values: ArrayLike<number>): Record<string, string | number> {
  const entries = Object.entries(vocabulary).map(([name, known], place) => {
    const value = values[place]!;
    return [name, isRange(known) ? numberAt(known, value) : known[value]!, value] as const;
  });
  return Object.fromEntries(entries.filter(([, , value]) => value !== ANY));
}

/** The number at a share of a range, 0 … 1. Rounding takes none beyond the range, which would then be refused. */
function numberAt({ min, max }: NumberRange, share: number): number {
  return Math.min(max, min + share * (max - min));
}

function nearest(known: readonly string[], word: string, kind: string): string {
  const guess = nearestWord(known, word);
  return `did you mean "${guess}"? known ${kind}: ${listed(known)}`;
}
