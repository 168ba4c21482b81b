// Which values of attributes contradict each other, as a model's examples have them.
import { type AttributeExamples, MAX_BYTE } from './attributeExamples.ts';

/** Values contradict each other that are together less often than in this share of what chance would give … */
const RARELY = 0.4;

/** … where that is by so many standard deviations, those of Poisson's distribution … */
const SURELY = 2.5;

/** … for which chance must give so many, if there are none; fewer tell nothing … */
const ENOUGH = SURELY ** 2;

/** … or that are never together, where so much of what chance would give never is: each kind has skins of its own. */
const TIED = 0.4;

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
  const { found, expected } = evidenceOf(evidenceOf(own).expected >= ENOUGH ? own : byLabel);
  if (found > RARELY * expected) return false;
  if (expected - found >= SURELY * Math.sqrt(expected) && expected > 0) return true;
  return evidenceOf(byLabel).found === 0 && areTied(examples, decided.length, word, place);
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

/** The pairs of attributes of which is known whether they are tied. */
const KNOWN_TIES = new WeakMap<AttributeExamples, Map<number, boolean>>();

/** Whether the words of two attributes go by each other: much of what chance would put together, label by label, never is. */
export function areTied(examples: AttributeExamples, width: number, one: number, other: number): boolean {
  const ties = KNOWN_TIES.get(examples) ?? new Map<number, boolean>();
  KNOWN_TIES.set(examples, ties);
  const pair = one * width + other;
  const isTied = ties.get(pair) ?? shareNeverTogether(examples, width, one, other) >= TIED;
  ties.set(pair, isTied);
  return isTied;
}

/** The share of what chance would put together that no example has; of numbers their halves count as words. */
function shareNeverTogether({ labels, values }: AttributeExamples, width: number, one: number, other: number): number {
  const together = new Set<number>();
  const countsOf = new Map<number, { all: number; ones: Map<number, number>; others: Map<number, number> }>();
  for (const [row, label] of labels.entries()) {
    const [value, next] = [one, other].map((place) => Math.round(values[row * width + place]!)) as [number, number];
    const counts = countsOf.get(label) ?? { all: 0, ones: new Map(), others: new Map() };
    countsOf.set(label, counts);
    counts.all++;
    counts.ones.set(value, (counts.ones.get(value) ?? 0) + 1);
    counts.others.set(next, (counts.others.get(next) ?? 0) + 1);
    together.add(pairOf(value, next));
  }
  let numNever = 0;
  for (const { all, ones, others } of countsOf.values()) {
    for (const [value, count] of ones) {
      for (const [next, nextCount] of others)
        if (!together.has(pairOf(value, next))) numNever += (count * nextCount) / all;
    }
  }
  return numNever / labels.length;
}

/** A number for two values: those of examples were bytes. */
const pairOf = (one: number, other: number) => one * (MAX_BYTE + 1) + other;

const sumOf = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** Whether an example has what was decided: the same word, or a number that is near. */
export function isLike(values: Float32Array, row: number, decided: readonly number[], place: number): boolean {
  return Math.abs(values[row * decided.length + place]! - decided[place]!) < 0.5;
}
