// What a recipe leaves open of its attributes, decided by a model's examples.
import type { AttributeExamples } from './attributeExamples.ts';
import { ANY, isRange, type Vocabulary } from './attributes.ts';
import { areTied, contradict, isLike } from './contradictions.ts';
import { implied, type Word } from './implications.ts';
import { uniforms } from './random.ts';
import { SAMPLING_STREAMS } from './streams.ts';

/** What decides on what is open: a model's examples, and the attributes that they are of. */
export interface ExamplesOfVocabulary {
  examples: AttributeExamples;
  attributes: Vocabulary;
}

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
function drawExample(
  { labels, values }: AttributeExamples,
  label: number,
  numAttributes: number,
  seed: number,
): number[] | null {
  const ofLabel = Array.from(labels.keys()).filter((row) => labels[row] === label);
  if (ofLabel.length === 0) return null;
  const row = ofLabel[Math.floor(uniforms(seed, SAMPLING_STREAMS.example.first, 1)[0]! * ofLabel.length)]!;
  return [...values.subarray(row * numAttributes, (row + 1) * numAttributes)];
}

/**
 * Fills in what is open from the values of somebody, except for those that contradict what is asked for. Where one of them changes,
 * others may have to change with it: who gets the skin of a goblin gets its horns as well. To ask for a word that somebody has
 * anyway changes nothing, unless it is one that would have to change.
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
  const words = [...asked.keys()].filter(
    (place) => asked[place] !== ANY && isWord[place] && asked[place] !== drawn[place],
  );
  for (;;) {
    const filled = fill({ examples: known.examples, label, isWord, asked, decided, words });
    if (Array.isArray(filled)) return filled;
    words.push(filled.wouldChange);
  }
}

/**
 * Changes what has to change for some words.
 *
 * @returns the values; or the place of a word that was asked for and would have to change, so that the rest must go with it, too
 */
function fill({
  asked,
  ...known
}: Omit<Deciding, 'others'> & { asked: readonly number[] }): number[] | { wouldChange: number } {
  const { isWord } = known;
  const decided = [...known.decided];
  const words = [...known.words];
  const others = [...asked.keys()].filter(
    (place) => decided[place] !== ANY && !words.includes(place) && (isWord[place] || asked[place] === ANY),
  );
  const open = new Set(others);
  let numOpen: number;
  do {
    numOpen = open.size;
    for (const place of open) {
      const value = revised({ ...known, decided, words, others }, place);
      if (value === decided[place]) continue;
      if (asked[place] !== ANY) return { wouldChange: place };
      decided[place] = value;
      open.delete(place);
      if (isWord[place]) words.push(place);
    }
  } while (open.size < numOpen);
  return decided;
}

/** Somebody on whom is being decided; all but examples and label by the places of the attributes. */
interface Deciding {
  examples: AttributeExamples;
  label: number;
  decided: number[];
  /** Whether an attribute has words, and is no number. */
  isWord: readonly boolean[];
  /** The words that were asked for and are new, and those that have changed for them: with all these the rest must go. */
  words: number[];
  /** What was left open, and the words that were asked for of somebody who had them. */
  others: readonly number[];
}

/** The value of an attribute that goes with the words: as it is, where nothing contradicts it. */
function revised(deciding: Deciding, place: number): number {
  const { examples, label, decided, isWord, words, others } = deciding;
  const value = isWord[place] ? impliedByTwo(deciding, place) : null;
  if (value !== null) return value;
  const against = contradicting(deciding, place);
  if (against.length === 0) return decided[place]!;
  const open = others.filter((other) => isWord[other]); // a number that is open counts as little as one that is asked for
  const nearest = nearestExample(examples, label, decided, [against, words, open]);
  return examples.values[nearest * decided.length + place]!;
}

/** The value that follows from one of the words, alone or beside another word that was decided; null where none does. */
function impliedByTwo({ examples, decided, isWord, words, others }: Deciding, place: number): number | null {
  const besides = [...words, ...others].filter((other) => other !== place && isWord[other]);
  for (const word of words) {
    for (const other of besides) {
      const value = implied(examples, decided.length, [wordAt(decided, word), wordAt(decided, other)], place);
      if (value !== null) return value;
    }
  }
  return null;
}

/** The words that contradict a value, or from which it follows that they would be others. */
function contradicting({ examples, label, decided, isWord, words }: Deciding, place: number): number[] {
  const width = decided.length;
  const tied = words.filter((word) => areTied(examples, width, word, place));
  const concerned = tied.length > 0 ? tied : words; // a kind has its skins, whatever its hair
  return words.filter((word) => {
    if (concerned.includes(word) && contradict(examples, label, decided, word, place)) return true;
    const other = isWord[place] ? implied(examples, width, [wordAt(decided, place)], word) : null;
    return other !== null && other !== decided[word];
  });
}

const wordAt = (decided: readonly number[], place: number): Word => [place, decided[place]!];

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
