// What training images were, by which a model decides on what a recipe leaves open.
import { ANY, isRange, type Vocabulary } from './attributes.ts';
import { fromBase64 } from './base64.ts';
import { uniforms } from './random.ts';

/** Label and attributes of some training images. */
export interface AttributeExamples {
  /** (examples), places among the labels. */
  labels: Uint8Array;
  /** (examples, attributes), as `encodeAttributes` has them; every one is known. */
  values: Float32Array;
}

/** The largest value of a byte, as which each label and value is stored. */
export const MAX_BYTE = 255;

/** The stream of a seed from which an example is drawn. */
const EXAMPLE_STREAM = 0x60000000;

/** The examples again. @throws RangeError when the text is not theirs, of so many labels and this vocabulary */
export function parseExamples(text: string, numLabels: number, vocabulary: Vocabulary): AttributeExamples {
  const sizes = wordCounts(vocabulary);
  const width = 1 + sizes.length;
  const bytes = fromBase64(text);
  if (!bytes || bytes.length === 0 || bytes.length % width !== 0) {
    throw new RangeError(`expected base64 of ${width} bytes an example, for the label and each attribute`);
  }
  const count = bytes.length / width;
  const examples = { labels: new Uint8Array(count), values: new Float32Array(count * sizes.length) };
  for (let i = 0; i < count; i++) {
    const [label, ...row] = bytes.subarray(i * width, (i + 1) * width);
    if (label! >= numLabels || row.some((value, place) => sizes[place]! > 0 && value >= sizes[place]!)) {
      throw new RangeError(`example ${i} has a label or a word that the model lacks`);
    }
    examples.labels[i] = label!;
    examples.values.set(
      row.map((value, place) => (sizes[place] === 0 ? value / MAX_BYTE : value)),
      i * sizes.length,
    );
  }
  return examples;
}

/** The number of words of each attribute; 0 for one that is a number. */
export function wordCounts(vocabulary: Vocabulary): number[] {
  return Object.values(vocabulary).map((values) => (isRange(values) ? 0 : values.length));
}

/** What decides on what is open: a model's examples, and the attributes that they are of. */
export interface ExamplesOfVocabulary {
  examples: AttributeExamples;
  attributes: Vocabulary;
}

/**
 * Decides on the attributes that are open as an example of the label has them, which the seed draws. Where a word of it
 * never goes together with one that was asked for, such as a beard's colour with no beard, the example that is most like
 * the whole decides. So what is asked for changes little else: the same seed stays the same person. A number that is asked
 * for changes nothing else at all: a wall that wears keeps its bricks, and no value of a slider is a leap.
 *
 * @param label its place; one past the last for "any"
 * @param asked as `encodeAttributes` has them, `ANY` where they are open
 * @param seed  uint32
 * @returns     the same with no `ANY` left; as they are where no example has the label
 */
export function decideAttributes(
  { examples: { labels, values }, attributes }: ExamplesOfVocabulary,
  label: number,
  asked: readonly number[],
  seed: number,
): number[] {
  const numAttributes = asked.length;
  const isWord = Object.values(attributes).map((values) => !isRange(values));
  const rows = Array.from(labels.keys());
  const ofLabel = rows.filter((row) => labels[row] === label);
  if (ofLabel.length === 0 || !asked.includes(ANY)) return [...asked];
  const drawn = ofLabel[Math.floor(uniforms(seed, EXAMPLE_STREAM, 1)[0]! * ofLabel.length)]!;
  const decided = asked.map((value, place) => (value === ANY ? valueAt(drawn, place) : value));
  const places = Array.from(asked.keys());
  const known = places.filter((place) => asked[place] !== ANY && isWord[place]);
  const unheardOf = places.filter((place) => asked[place] === ANY && !known.every((other) => goTogether(other, place)));
  if (unheardOf.length === 0) return decided;
  const likenesses = rows.map(likenessOf);
  const nearest = likenesses.indexOf(likenesses.reduce((a, b) => Math.max(a, b)));
  for (const place of unheardOf) decided[place] = valueAt(nearest, place);
  return decided;

  function valueAt(row: number, place: number): number {
    return values[row * numAttributes + place]!;
  }

  /** Whether an example has what was decided: the same word, or a number that is near. */
  function isLike(row: number, place: number): boolean {
    return Math.abs(valueAt(row, place) - decided[place]!) < 0.5;
  }

  /** Whether some example has both words, or none has the one that was asked for. */
  function goTogether(other: number, place: number): boolean {
    let isHad = false;
    for (const row of rows) {
      if (!isLike(row, other)) continue;
      if (isLike(row, place)) return true;
      isHad = true;
    }
    return !isHad;
  }

  /** How like an example is to what was decided: a word that was asked for counts more than all that were not, and those more than the label. */
  function likenessOf(row: number): number {
    let likeness = labels[row] === label ? 1 : 0;
    for (const place of places) if (isLike(row, place)) likeness += asked[place] === ANY ? 1 : numAttributes + 1;
    return likeness;
  }
}
