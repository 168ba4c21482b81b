// Examples, palette and probe as text, which model_index.json stores. Each is read again where it is described.

import { type AttributeExamples, MAX_BYTE, wordCounts } from './attributeExamples.ts';
import type { Vocabulary } from './attributes.ts';
import { MAX_STORED_LENGTH, toBase64 } from './base64.ts';
import type { LinearProbe, StoredProbe } from './linearProbe.ts';
import type { PalettePrior, StoredPalette } from './palettePrior.ts';

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

/** The palette as text, for JSON. @throws RangeError for more than is read again */
export function formatPalette({ colours, logits, deviation, sure }: PalettePrior): StoredPalette {
  const bytes = new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength);
  const text = toStoredBase64('formatPalette', bytes);
  return { colours: toBase64(colours), logits: text, deviation, sure: sure || undefined };
}

const LARGEST_INT8 = 127;

/** The probe as text, for JSON; its weights are rounded. @throws RangeError for more than is read again */
export function formatProbe({ grid, weights, bias, rate }: LinearProbe): StoredProbe {
  const unit = weights.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / LARGEST_INT8 || 1;
  const bytes = Int8Array.from(weights, (value) => Math.round(value / unit));
  const text = toStoredBase64('formatProbe', new Uint8Array(bytes.buffer));
  return { grid, weights: text, unit, bias: Array.from(bias, rounded), rate };
}

/** Rounds a bias to four digits behind the point, a step which no logit feels. */
const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

/**
 * Bytes as text, for model_index.json.
 *
 * @throws RangeError for more than is read again
 */
export function toStoredBase64(operation: string, bytes: Uint8Array): string {
  const text = toBase64(bytes);
  if (text.length <= MAX_STORED_LENGTH) return text;
  throw new RangeError(
    `${operation}: ${text.length} characters; expected at most ${MAX_STORED_LENGTH}, by fewer labels and words`,
  );
}
