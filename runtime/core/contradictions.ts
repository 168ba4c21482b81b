// Which values of attributes contradict each other, as a model's examples have them.
import { type AttributeExamples, MAX_BYTE } from './attributeExamples.ts';

/** Attributes go by each other where their values are together this much more or less often than chance explains … */
const DEPENDENT = 1.5;

/** … and one decides on the other where it does for so much of all, 0 … 1: each kind has skins and horns of its own. */
const TIED = 0.2;

/** Of attributes that go by each other, values contradict that are together in at most this share of what chance would give … */
const RARELY = 0.4;

/** … where that is so many; of attributes of which one decides, values that never are. */
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
  const byLabel = countTogether(examples, decided, word, place);
  const own = byLabel.filter((count) => count.label === label);
  if (own[0] && own[0].value === own[0].all) return false;
  const { surprise } = dependence(examples, decided.length, word, place);
  if (areTied(examples, decided.length, word, place) && evidenceOf(byLabel).found === 0) return true;
  const { found, expected } = evidenceOf(evidenceOf(own).expected >= ENOUGH ? own : byLabel);
  return surprise >= DEPENDENT && expected >= ENOUGH && found <= RARELY * expected;
}

/** How many examples of a label have a word, a value, and both. */
interface Together {
  label: number;
  all: number;
  word: number;
  value: number;
  both: number;
}

function countTogether(
  { labels, values }: AttributeExamples,
  decided: readonly number[],
  word: number,
  place: number,
): Together[] {
  const byLabel = new Map<number, Together>();
  for (const [row, label] of labels.entries()) {
    const count = byLabel.get(label) ?? { label, all: 0, word: 0, value: 0, both: 0 };
    byLabel.set(label, count);
    const hasWord = isLike(values, row, decided, word);
    const hasValue = isLike(values, row, decided, place);
    count.all++;
    if (hasWord) count.word++;
    if (hasValue) count.value++;
    if (hasWord && hasValue) count.both++;
  }
  return [...byLabel.values()];
}

/** How often the two are together, and how often they would be by chance. */
function evidenceOf(counts: readonly Together[]): { found: number; expected: number } {
  return {
    found: sumOf(counts.map(({ both }) => both)),
    expected: sumOf(counts.map(({ all, word, value }) => (word * value) / all)),
  };
}

/** Whether one of two attributes decides on the other. */
export function areTied(examples: AttributeExamples, width: number, one: number, other: number): boolean {
  return dependence(examples, width, one, other).share >= TIED;
}

/** How much two attributes go by each other. */
interface Dependence {
  /** Pearson's chi-squared, the mean over all pairs of values: about 1 where nothing but the label connects them. */
  surprise: number;
  /** Cramér's V squared, 0 … 1: 1 where each value of one goes with one of the other. */
  share: number;
}

/** What is known of pairs of attributes. */
const KNOWN_DEPENDENCE = new WeakMap<AttributeExamples, Map<number, Dependence>>();

/** `computeDependence`, once for each pair. */
function dependence(examples: AttributeExamples, width: number, one: number, other: number): Dependence {
  const known = KNOWN_DEPENDENCE.get(examples) ?? new Map<number, Dependence>();
  KNOWN_DEPENDENCE.set(examples, known);
  const pair = one * width + other;
  const found = known.get(pair) ?? computeDependence(examples, width, one, other);
  known.set(pair, found);
  return found;
}

/**
 * Compares how often values are together, those of numbers in halves, with what chance would put together label by label, in all
 * pairs of values that it would put together at least once.
 *
 * Source: Cramér 1946, Mathematical Methods of Statistics, section 21.9.
 */
function computeDependence(
  { labels, values }: AttributeExamples,
  width: number,
  one: number,
  other: number,
): Dependence {
  const found = new Map<number, number>();
  const ofLabels = new Map<number, { all: number; ones: Map<number, number>; others: Map<number, number> }>();
  for (const [row, label] of labels.entries()) {
    const [value, next] = [one, other].map((place) => Math.round(values[row * width + place]!)) as [number, number];
    const counts = ofLabels.get(label) ?? { all: 0, ones: new Map(), others: new Map() };
    ofLabels.set(label, counts);
    counts.all++;
    countUp(counts.ones, value);
    countUp(counts.others, next);
    countUp(found, pairOf(value, next));
  }
  const expected = new Map<number, number>();
  for (const { all, ones, others } of ofLabels.values()) {
    for (const [value, count] of ones) {
      for (const [next, nextCount] of others) countUp(expected, pairOf(value, next), (count * nextCount) / all);
    }
  }
  const often = [...expected].filter(([, times]) => times >= 1);
  const deviations = often.map(([pair, times]) => ((found.get(pair) ?? 0) - times) ** 2 / times);
  const chiSquared = sumOf(deviations);
  const numWords = [0, 1].map((side) => new Set([...found.keys()].map((pair) => wordsOf(pair)[side])).size);
  const most = labels.length * (Math.min(...numWords) - 1);
  return { surprise: chiSquared / Math.max(1, often.length), share: most > 0 ? chiSquared / most : 0 };
}

function countUp(counts: Map<number, number>, key: number, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** A number for two values, which as those of examples were bytes, and the values of such a number. */
const pairOf = (one: number, other: number) => one * (MAX_BYTE + 1) + other;
const wordsOf = (pair: number) => [Math.floor(pair / (MAX_BYTE + 1)), pair % (MAX_BYTE + 1)];

const sumOf = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** Whether an example has what was decided: the same word, or a number that is near. */
export function isLike(values: Float32Array, row: number, decided: readonly number[], place: number): boolean {
  return Math.abs(values[row * decided.length + place]! - decided[place]!) < 0.5;
}
