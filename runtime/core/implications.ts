// What a model's examples with the same words have in common.
import { type AttributeExamples, MAX_BYTE } from './attributeExamples.ts';

/** Words imply a value where chance would give so many of their examples another one, and none has it. */
const TELLING = 8;

/** A value of an attribute: the place of the attribute, and the place of the word among its words. */
export type Word = readonly [place: number, value: number];

/**
 * The word of an attribute that all examples with some words have, whatever their label: those who are bald and have no beard have
 * no colour of hair.
 *
 * @param width the number of attributes
 * @param words one or more
 * @param place the attribute
 * @returns     null where they have several, or are too few for it to be more than chance, as the labels have their words
 */
export function implied(
  examples: AttributeExamples,
  width: number,
  words: readonly Word[],
  place: number,
): number | null {
  const { labels, values } = examples;
  const { rowsOf, shareOf } = indexed(examples, width);
  const [first, ...more] = words.map(([at, value]) => rowsOf(at, value)).sort((a, b) => a.size - b.size);
  let [common, numOthers]: [number | null, number] = [null, 0];
  for (const row of first!) {
    if (!more.every((rows) => rows.has(row))) continue;
    const value = values[row * width + place]!;
    if (common !== null && value !== common) return null;
    common = value;
    numOthers += 1 - shareOf(labels[row]!, place, value);
  }
  return numOthers >= TELLING ? common : null;
}

/** Where the words of some examples are found. */
interface ExampleIndex {
  /** The examples that have a word. */
  rowsOf(place: number, value: number): ReadonlySet<number>;
  /** The share of a label's examples that has a word, 0 … 1. */
  shareOf(label: number, place: number, value: number): number;
}

const INDICES = new WeakMap<AttributeExamples, ExampleIndex>();

/** `indexExamples`, once for the examples of each model. */
function indexed(examples: AttributeExamples, width: number): ExampleIndex {
  const index = INDICES.get(examples) ?? indexExamples(examples, width);
  INDICES.set(examples, index);
  return index;
}

const NONE: ReadonlySet<number> = new Set();

function indexExamples({ labels, values }: AttributeExamples, width: number): ExampleIndex {
  const keyOf = (place: number, value: number) => place * (MAX_BYTE + 1) + value;
  const rows = new Map<number, Set<number>>();
  const sizes = new Map<number, number>();
  for (const [row, label] of labels.entries()) {
    sizes.set(label, (sizes.get(label) ?? 0) + 1);
    for (let place = 0; place < width; place++) {
      const key = keyOf(place, values[row * width + place]!);
      rows.set(key, (rows.get(key) ?? new Set()).add(row));
    }
  }
  const rowsOf = (place: number, value: number) => rows.get(keyOf(place, value)) ?? NONE;
  const shares = new Map<number, number>();
  for (const [key, those] of rows) {
    for (const row of those) {
      const ofLabel = key * (MAX_BYTE + 1) + labels[row]!;
      shares.set(ofLabel, (shares.get(ofLabel) ?? 0) + 1 / sizes.get(labels[row]!)!);
    }
  }
  return {
    rowsOf,
    shareOf: (label, place, value) => shares.get(keyOf(place, value) * (MAX_BYTE + 1) + label) ?? 0,
  };
}
