// Which words latents show, told by nothing but a linear map of them.
import { isRange, type Vocabulary } from './attributes.ts';
import { fromBase64, toStoredBase64 } from './base64.ts';
import { ofBytes, toBytes } from './inBytes.ts';

/**
 * A linear map from latents to logits of each label, and of each word of each attribute; numbers it does not tell. Fitted by
 * `probeTrainer`.
 *
 * Source: Alain & Bengio 2016, arXiv:1610.01644.
 */
export interface LinearProbe {
  /** It sees the means of so many cells a side. */
  grid: number;
  /** (words, channels · grid²): a row for each of `probeGroups`, in which the cells of a channel stand together. */
  weights: Float32Array;
  /** (words). */
  bias: Float32Array;
  /** How far latents are moved in each step towards what was asked for: see `corrected`. */
  rate: number;
  /**
   * (groups): how sure it is to be of what was asked for, as log-odds of 0 or more; latents are moved until it is. It is as sure of
   * what real pictures show, or so many times as sure where that is emphasised.
   */
  margins: Float32Array;
}

/** `LinearProbe` as model_index.json has it: weights as base64 of bytes in units of `unit`. */
export interface StoredProbe {
  grid: number;
  weights: string;
  unit: number;
  bias: number[];
  rate: number;
  /** Absent: 0 for all, so that latents are moved until what was asked for is the likelier. */
  margins?: number[];
}

/** Words of which a picture shows one: those of the labels, or of an attribute. */
export interface ProbeGroup {
  /** That of the attribute, or `label`. */
  name: string;
  /** The place of the attribute in the vocabulary; null: these are the labels. */
  attribute: number | null;
  /** The row of the first word. */
  start: number;
  size: number;
}

export const MAX_PROBE_GRID = 16;

export const MAX_PROBE_RATE = 100;

/** How far a probe moves latents in each step, where nobody says otherwise. */
export const PROBE_RATE = 0.6;

/** How many cells a side a new probe sees, of latents that have so many. */
export const PROBE_GRID = 8;

/** No logit counts for more: e to this power, in a sum of as many as a probe may have words, does not overflow yet. */
export const MAX_PROBE_LOGIT = 80;

/** How many labels and words a probe may tell apart: the correction multiplies by matrices of their number squared. */
export const MAX_PROBE_WORDS = 2048;

/** What a probe tells, in the order of its rows: the label, then the attributes that are words. */
export function probeGroups(numLabels: number, vocabulary: Vocabulary): ProbeGroup[] {
  const groups: ProbeGroup[] = [{ name: 'label', attribute: null, start: 0, size: numLabels }];
  let start = numLabels;
  for (const [attribute, [name, values]] of Object.entries(vocabulary).entries()) {
    if (isRange(values)) continue;
    groups.push({ name, attribute, start, size: values.length });
    start += values.length;
  }
  return groups;
}

/** The number of rows of a probe. */
export function numProbeWords(numLabels: number, vocabulary: Vocabulary): number {
  return probeGroups(numLabels, vocabulary).reduce((sum, { size }) => sum + size, 0);
}

/** The probe again. @throws RangeError when it does not fit so many labels and this vocabulary */
export function parseProbe(stored: StoredProbe, numLabels: number, vocabulary: Vocabulary): LinearProbe {
  const { grid, unit, bias, rate } = stored;
  const numWords = numProbeWords(numLabels, vocabulary);
  if (numWords > MAX_PROBE_WORDS) {
    throw new RangeError(`is of ${numWords} labels and words; expected at most ${MAX_PROBE_WORDS}`);
  }
  const bytes = fromBase64(stored.weights);
  const perWord = (bytes?.length ?? 0) / numWords;
  if (!bytes?.length || perWord % grid ** 2 !== 0 || bias.length !== numWords) {
    throw new RangeError(
      `expected base64 of ${numWords} rows for labels and words, and as many biases; make it again by figment probe`,
    );
  }
  const numGroups = probeGroups(numLabels, vocabulary).length;
  const margins = stored.margins ? Float32Array.from(stored.margins) : new Float32Array(numGroups);
  if (margins.length !== numGroups) {
    throw new RangeError(`has ${margins.length} margins; expected ${numGroups}; make it again by figment probe`);
  }
  const weights = ofBytes({ bytes, unit });
  const biases = Float32Array.from(bias);
  if (!weights.every(Number.isFinite) || !biases.every(Number.isFinite)) {
    throw new RangeError('has weights or biases beyond float32; make it again by figment probe');
  }
  return { grid, weights, bias: biases, rate, margins };
}

/** The probe as text, for JSON; its weights are rounded. @throws RangeError for more than is read again */
export function formatProbe({ grid, weights, bias, rate, margins }: LinearProbe): StoredProbe {
  const { bytes, unit } = toBytes(weights);
  const text = toStoredBase64('formatProbe', bytes);
  return { grid, weights: text, unit, bias: Array.from(bias, rounded), rate, margins: Array.from(margins, rounded) };
}

/** Rounds a logit to four digits behind the point, a step which nothing feels. */
const rounded = (value: number) => Math.round(value * 1e4) / 1e4;
