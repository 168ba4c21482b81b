// What training images were, by which a model decides on what a recipe leaves open.
import { isRange, type Vocabulary } from './attributes.ts';
import { fromBase64, MAX_STORED_LENGTH, toBase64 } from './base64.ts';

/** Label and attributes of some training images. */
export interface AttributeExamples {
  /** (examples), places among the labels. */
  labels: Uint8Array;
  /** (examples, attributes), as `encodeAttributes` has them; every one is known. */
  values: Float32Array;
}

/** The largest value of a byte, as which each label and value is stored. */
export const MAX_BYTE = 255;

/** A model of more labels has no examples. */
export const MAX_EXAMPLE_LABELS = MAX_BYTE + 1;

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

/**
 * Examples as text, for JSON: of each the label and its values, a byte each.
 *
 * @returns undefined where there are none, or too many labels or words for a byte, or more than are read again
 */
export function formatExamples(
  { labels, values }: AttributeExamples,
  numLabels: number,
  vocabulary: Vocabulary,
): string | undefined {
  const sizes = wordCounts(vocabulary);
  const fits = [numLabels, ...sizes].every((size) => size <= MAX_BYTE + 1);
  if (labels.length === 0 || sizes.length === 0 || !fits) return undefined;
  const width = 1 + sizes.length;
  const bytes = new Uint8Array(labels.length * width);
  for (const [i, label] of labels.entries()) {
    bytes[i * width] = label;
    for (const [place, size] of sizes.entries()) {
      const value = values[i * sizes.length + place]!;
      bytes[i * width + 1 + place] = size === 0 ? Math.round(MAX_BYTE * value) : value;
    }
  }
  const text = toBase64(bytes);
  return text.length > MAX_STORED_LENGTH ? undefined : text;
}

/** The number of words of each attribute; 0 for one that is a number. */
function wordCounts(vocabulary: Vocabulary): number[] {
  return Object.values(vocabulary).map((values) => (isRange(values) ? 0 : values.length));
}
