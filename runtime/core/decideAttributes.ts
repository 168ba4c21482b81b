// What a recipe leaves open of its attributes, decided by a model's examples.
import { type AttributeExamples, MAX_BYTE } from './attributeExamples.ts';
import { ANY, isRange, type Vocabulary } from './attributes.ts';
import { uniforms } from './random.ts';

/** What decides on what is open: a model's examples, and the attributes that they are of. */
export interface ExamplesOfVocabulary {
  examples: AttributeExamples;
  attributes: Vocabulary;
}

/** The stream of a seed from which an example is drawn. */
const EXAMPLE_STREAM = 0x60000000;

/** Values contradict each other that are together less often than in this share of what chance would give … */
const RARELY = 0.4;

/** … where that is by so many standard deviations, those of Poisson's distribution, and chance would give so many … */
const SURELY = 2;
const ENOUGH = 4;

/** … or that are never together, where so much of what chance would give never is: each kind has skins of its own. */
const TIED = 0.4;

/**
 * Decides on the attributes that are open as an example of the label has them, which the seed draws. Where a value of it
 * contradicts a word that was asked for, as a beard does "female", the example that is most like the whole decides. So what is
 * asked for changes little else: the same seed stays the same person. A number that is asked for changes nothing else at all: a
 * wall that wears keeps its bricks, and no value of a slider is a leap.
 *
 * @param label its place; one past the last for "any"
 * @param asked as `encodeAttributes` has them, `ANY` where they are open
 * @param seed  uint32
 * @returns     the same with no `ANY` left; as they are where no example has the label
 */
export function decideAttributes(
  known: ExamplesOfVocabulary,
  label: number,
  asked: readonly number[],
  seed: number,
): number[] {
  const drawn = drawExample(known.examples, label, asked.length, seed);
  return drawn ? fillAttributes(known, label, asked, drawn) : [...asked];
}

/** The values of an example of a label, which the seed draws; null where no example has the label. */
export function drawExample(
  { labels, values }: AttributeExamples,
  label: number,
  numAttributes: number,
  seed: number,
): number[] | null {
  const ofLabel = Array.from(labels.keys()).filter((row) => labels[row] === label);
  if (ofLabel.length === 0) return null;
  const row = ofLabel[Math.floor(uniforms(seed, EXAMPLE_STREAM, 1)[0]! * ofLabel.length)]!;
  return [...values.subarray(row * numAttributes, (row + 1) * numAttributes)];
}

/**
 * Fills in what is open from the values of somebody, except for those that contradict what is asked for.
 *
 * @param known null where nothing tells what contradicts what
 * @param drawn a value for each attribute, `ANY` where it is to stay open
 */
export function fillAttributes(
  known: ExamplesOfVocabulary | null,
  label: number,
  asked: readonly number[],
  drawn: readonly number[],
): number[] {
  const decided = asked.map((value, place) => (value === ANY ? drawn[place]! : value));
  if (!known) return decided;
  const isWord = Object.values(known.attributes).map((values) => !isRange(values));
  const places = Array.from(asked.keys());
  const words = places.filter((place) => asked[place] !== ANY && isWord[place]);
  const result = [...decided];
  for (const place of places) {
    if (asked[place] !== ANY || decided[place] === ANY) continue;
    const tied = words.filter((word) => areTied(known.examples, asked.length, word, place));
    const concerned = tied.length > 0 ? tied : words; // a kind has its skins, whatever its hair
    const against = concerned.filter((word) => contradict(known.examples, label, decided, word, place));
    if (against.length === 0) continue;
    const nearest = nearestExample(known.examples, label, decided, [against, words, places]);
    result[place] = known.examples.values[nearest * asked.length + place]!;
  }
  return result;
}

/**
 * Whether a value that was drawn contradicts a word that was asked for, as the examples of the label have it; where those are too
 * few to tell, as all of them have it, counted label by label. An orc may well be blonde although no example is: where no label
 * has both blonde hair and an orc's skin, nothing is told of the two. What all examples of the label have contradicts nothing,
 * since the label is asked for, too.
 *
 * @param word  the place of the word
 * @param place that of the value
 */
function contradict(
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
  if (expected >= ENOUGH && expected - found >= SURELY * Math.sqrt(expected)) return true;
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
function areTied(examples: AttributeExamples, width: number, one: number, other: number): boolean {
  const ties = KNOWN_TIES.get(examples) ?? new Map<number, boolean>();
  KNOWN_TIES.set(examples, ties);
  const pair = one * width + other;
  const isTied = ties.get(pair) ?? shareNeverTogether(examples, width, one, other) >= TIED;
  ties.set(pair, isTied);
  return isTied;
}

/** The share of what chance would put together that no example has. */
function shareNeverTogether({ labels, values }: AttributeExamples, width: number, one: number, other: number): number {
  const together = new Set<number>();
  const countsOf = new Map<number, { all: number; ones: Map<number, number>; others: Map<number, number> }>();
  for (const [row, label] of labels.entries()) {
    const [value, next] = [values[row * width + one]!, values[row * width + other]!];
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

/**
 * The example that is most like what was decided.
 *
 * @param places first those of which more alike counts before all else, …, and at last those that count after the label
 */
function nearestExample(
  { labels, values }: AttributeExamples,
  label: number,
  decided: readonly number[],
  places: readonly (readonly number[])[],
): number {
  const base = decided.length + 1;
  const likenesses = Array.from(labels, (ofLabel, row) => {
    const numAlike = (of: readonly number[]) => of.filter((place) => isLike(values, row, decided, place)).length;
    const ranks = [...places.slice(0, -1).map(numAlike), ofLabel === label ? 1 : 0, numAlike(places.at(-1)!)];
    return ranks.reduce((rank, next) => rank * base + next);
  });
  return likenesses.indexOf(likenesses.reduce((a, b) => Math.max(a, b)));
}

/** Whether an example has what was decided: the same word, or a number that is near. */
function isLike(values: Float32Array, row: number, decided: readonly number[], place: number): boolean {
  return Math.abs(values[row * decided.length + place]! - decided[place]!) < 0.5;
}
