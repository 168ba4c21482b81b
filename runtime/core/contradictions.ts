// Which values of attributes contradict each other, as a model's examples have them.
import { type AttributeExamples, MAX_BYTE } from './attributeExamples.ts';

/** Two attributes depend on each other where their values occur together this many times as unevenly as chance explains. */
const DEPENDENT = 1.5;

/** One attribute decides on another from this share of all on, 0 … 1: each kind has skins and horns of its own. */
const TIED = 0.2;

/** Two values of dependent attributes contradict each other when they occur together in at most this share of what chance would give. */
const RARELY = 0.4;

/**
 * Chance must give at least so many examples of two values together before their absence tells anything, where their attributes
 * are just dependent; of two that depend on each other more, fewer tell as much.
 */
const ENOUGH = 3;

/**
 * Whether a value that was drawn contradicts a word that was asked for, as the examples of the label have it; where those are too
 * few to tell, as all of them have it, counted label by label. An orc may well be blonde although no example is: where no label
 * has both blonde hair and an orc's skin, nothing is told of the two. What all examples of the label have contradicts nothing,
 * since the label is asked for, too.
 *
 * @param word  the place of the word
 * @param place that of the value
 */
export function contradict(
  examples: AttributeExamples,
  label: number,
  decided: readonly number[],
  word: number,
  place: number,
): boolean {
  const { tables, surprise, share } = dependence(examples, decided.length, word, place);
  const [asked, drawn] = [Math.round(decided[word]!), Math.round(decided[place]!)];
  const own = tables.filter((table) => table.label === label);
  if (own[0] && own[0].others.get(drawn) === own[0].all) return false;
  const ofAll = countTogether(tables, asked, drawn);
  if (ofAll.found === 0 && share >= TIED) return true;
  const ofOwn = countTogether(own, asked, drawn);
  const { found, expected } = ofOwn.expected >= ENOUGH ? ofOwn : ofAll;
  return surprise >= DEPENDENT && expected * surprise >= ENOUGH * DEPENDENT && found <= RARELY * expected;
}

/** Whether one of two attributes decides on the other. */
export function areTied(examples: AttributeExamples, width: number, one: number, other: number): boolean {
  return dependence(examples, width, one, other).share >= TIED;
}

type Counts = Map<number, number>;

/** How many examples a label has, how many of them have which value of two attributes, and which two together. */
interface Table {
  label: number;
  all: number;
  ones: Counts;
  others: Counts;
  both: Counts;
}

/** How often two values are together, and how often they would be by chance. */
function countTogether(tables: readonly Table[], one: number, other: number): { found: number; expected: number } {
  let [found, expected] = [0, 0];
  for (const { all, ones, others, both } of tables) {
    found += both.get(pairOf(one, other)) ?? 0;
    expected += ((ones.get(one) ?? 0) * (others.get(other) ?? 0)) / all;
  }
  return { found, expected };
}

/** How much two attributes go by each other. */
interface Dependence {
  tables: readonly Table[];
  /** Pearson's chi-squared, divided by what chance makes of it: about 1 where nothing but the label connects them. */
  surprise: number;
  /** Cramér's V squared, 0 … 1: 1 where each value of one goes with one of the other. */
  share: number;
}

/** What was computed before: for the examples of each model, how much two attributes go by each other, by the number of the pair. */
const KNOWN = new WeakMap<AttributeExamples, Map<number, Dependence>>();

/** `computeDependence`, once for each pair. */
function dependence(examples: AttributeExamples, width: number, one: number, other: number): Dependence {
  const known = KNOWN.get(examples) ?? new Map<number, Dependence>();
  KNOWN.set(examples, known);
  const pair = one * width + other;
  const found = known.get(pair) ?? computeDependence(examples, width, one, other);
  known.set(pair, found);
  return found;
}

/**
 * Compares how often values are together, those of numbers in halves, with what chance would put together label by label. Pairs
 * that it would put together less than once count as if it did once.
 *
 * Source: Cramér 1946, Mathematical Methods of Statistics, section 21.9.
 */
function computeDependence(examples: AttributeExamples, width: number, one: number, other: number): Dependence {
  const tables = tablesOf(examples, width, one, other);
  const valuesOf = (side: 'ones' | 'others') => [...new Set(tables.flatMap((table) => [...table[side].keys()]))];
  const [ones, others] = [valuesOf('ones'), valuesOf('others')];
  const { found, expected } = countAllTogether(tables, pairOf(Math.max(0, ...ones) + 1, 0));
  let [chiSquared, byChance] = [0, 0];
  for (const value of ones) {
    for (const next of others) {
      const pair = pairOf(value, next);
      chiSquared += (found[pair]! - expected[pair]!) ** 2 / Math.max(1, expected[pair]!);
      byChance += Math.min(1, expected[pair]!);
    }
  }
  const most = examples.labels.length * (Math.min(ones.length, others.length) - 1);
  return { tables, surprise: chiSquared / Math.max(1, byChance), share: most > 0 ? chiSquared / most : 0 };
}

/** `countTogether` of all pairs of values, by their numbers. Each table adds what it has, since few values are in every one. */
function countAllTogether(tables: readonly Table[], numPairs: number): { found: Float64Array; expected: Float64Array } {
  const [found, expected] = [new Float64Array(numPairs), new Float64Array(numPairs)];
  for (const { all, ones, others, both } of tables) {
    for (const [pair, count] of both) found[pair]! += count;
    for (const [value, count] of ones) {
      for (const [next, other] of others) expected[pairOf(value, next)]! += (count * other) / all;
    }
  }
  return { found, expected };
}

function tablesOf({ labels, values }: AttributeExamples, width: number, one: number, other: number): Table[] {
  const tables = new Map<number, Table>();
  for (const [row, label] of labels.entries()) {
    const table = tables.get(label) ?? { label, all: 0, ones: new Map(), others: new Map(), both: new Map() };
    tables.set(label, table);
    const [value, next] = [Math.round(values[row * width + one]!), Math.round(values[row * width + other]!)];
    table.all++;
    countUp(table.ones, value);
    countUp(table.others, next);
    countUp(table.both, pairOf(value, next));
  }
  return [...tables.values()];
}

function countUp(counts: Counts, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** A number for two values, which as those of examples were bytes. */
const pairOf = (one: number, other: number) => one * (MAX_BYTE + 1) + other;

/** Whether an example has what was decided: the same word, or a number that is near. */
export function isLike(values: Float32Array, row: number, decided: readonly number[], place: number): boolean {
  return Math.abs(values[row * decided.length + place]! - decided[place]!) < 0.5;
}
