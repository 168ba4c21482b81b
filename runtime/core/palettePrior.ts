// Which colours the pictures of a model may have, and how likely each is for what a recipe asks for.
import { isRange, type Vocabulary } from './attributes.ts';
import { fromBase64, toStoredBase64 } from './base64.ts';
import { MAX_PARTS, numCells, type PalettePlaces, type PlacesLayout, packRough, unpackRough } from './palettePlaces.ts';

/**
 * The colours of a model's training pictures, and a logistic regression that tells for each how likely it is in a picture of a
 * label and attributes: red hair has the reds of the data. Fitted by `fitPalettePrior`.
 */
export interface PalettePrior {
  /** (colours, 3): sRGB bytes. */
  colours: Uint8Array;
  /**
   * (rows, colours) in units of `LOGIT_STEP`: rows for each label and for "any"; then for each attribute, in the order of the
   * vocabulary, one for each word, or for the end of a number's range, and one for "any".
   */
  logits: Int8Array;
  /** How far decoded colours lie from those meant: the standard deviation in Oklab. */
  deviation: number;
  /**
   * A pixel whose likeliest colour has at least this probability, 0 … 1, gets that colour; any other gets the mean of its
   * colours by their probabilities. 0: always the likeliest colour; 1: always the mean.
   */
  sure: number;
  /**
   * (colours, 3): where a colour comes out of the auto-encoder in the mean, less the colour itself, in Oklab and units of `OFFSET_STEP`.
   * Absent: there.
   */
  offsets?: Int8Array;
  /** Where in pictures each colour shows. Absent: anywhere. */
  places?: PalettePlaces;
  /** Whether every pixel of the training pictures is opaque or clear, with nothing between, and so is to be of those that are made. */
  isCut?: boolean;
}

/** What a picture is to show, by places: those behind the last label or `ANY` mean "any". */
export interface PaletteConditions {
  classLabel: number;
  /** Another label that is mixed in, and its share, 0 … 1. */
  blend?: { classLabel: number; amount: number } | null;
  /** As `encodeAttributes` has them: the place of a word, or a number 0 … 1; below 0 means "any". */
  attributes: readonly number[];
}

/** `PalettePrior` as model_index.json has it: arrays as base64. */
export interface StoredPalette {
  colours: string;
  logits: string;
  deviation: number;
  /** Absent: 0. */
  sure?: number;
  offsets?: string;
  places?: { parts: string; shares: string };
  isCut?: boolean;
}

/** The unit of the stored logits: a byte reaches from −8 to 8. */
export const LOGIT_STEP = 1 / 16;

/** The unit of stored offsets in Oklab: a byte reaches from −¼ to ¼. */
export const OFFSET_STEP = 1 / 512;

export const MAX_PALETTE_COLOURS = 1024;

/** The least deviation in Oklab: far less than a byte is. */
export const MIN_DEVIATION = 1e-4;

/** A colour is never less likely: a picture that insists on one gets it. */
const MIN_PROBABILITY = 1e-3;

/** The logarithm of how likely a colour is beside the likeliest one when it counts as impossible. */
export const UNLIKELY = -5;

/** How many rows of logits there are for so many labels and these attributes. */
export function numPaletteRows(numLabels: number, vocabulary: Vocabulary): number {
  return rowCounts(numLabels, vocabulary).reduce((sum, count) => sum + count, 0);
}

/** The rows of the label, and those of each attribute, "any" included. */
function rowCounts(numLabels: number, vocabulary: Vocabulary): number[] {
  return [numLabels + 1, ...Object.values(vocabulary).map((values) => (isRange(values) ? 1 : values.length) + 1)];
}

/**
 * Which rows of logits a picture takes, and how much of each: of the row of a number, 0 … 1, as much as the number says.
 *
 * @returns pairs of row and weight
 */
export function paletteRows(
  numLabels: number,
  vocabulary: Vocabulary,
  { classLabel, blend, attributes }: PaletteConditions,
): [row: number, weight: number][] {
  const counts = rowCounts(numLabels, vocabulary);
  const starts = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));
  const ofLabel: [number, number][] = blend
    ? [
        [classLabel, 1 - blend.amount],
        [blend.classLabel, blend.amount],
      ]
    : [[classLabel, 1]];
  const ofAttributes = Object.values(vocabulary).map((values, place): [number, number] => {
    const value = attributes[place]!;
    const start = starts[place + 1]!;
    if (value < 0) return [start + counts[place + 1]! - 1, 1];
    return isRange(values) ? [start, value] : [start + value, 1];
  });
  return [...ofLabel, ...ofAttributes];
}

/**
 * What each colour costs beside its distance: how likely it is that a pixel decoded to x is meant to be the colour c follows from
 * the sum
 *
 *   ‖x − c‖² + cost(c),  cost(c) = −2 σ² log p(c),  p = sigmoid(Σ rows of logits)
 *
 * in Oklab, where x lies around c normally with the deviation σ, by Bayes' theorem (Bishop 2006, Pattern Recognition and Machine
 * Learning, section 1.2.3): its logarithm is that sum divided by −2 σ², and a constant.
 *
 * @returns (colours), 0 or more
 */
export function paletteCosts(
  { colours, logits, deviation }: PalettePrior,
  numLabels: number,
  vocabulary: Vocabulary,
  conditions: PaletteConditions,
): Float32Array {
  const numColours = colours.length / 3;
  const sums = new Float32Array(numColours);
  for (const [row, weight] of paletteRows(numLabels, vocabulary, conditions)) {
    for (let i = 0; i < numColours; i++) sums[i]! += LOGIT_STEP * weight * logits[row * numColours + i]!;
  }
  return sums.map((logit) => -2 * deviation ** 2 * Math.log(Math.max(MIN_PROBABILITY, 1 / (1 + Math.exp(-logit)))));
}

/** The palette again. @throws RangeError when it does not fit so many labels and this vocabulary */
export function parsePalettePrior(
  stored: StoredPalette,
  numLabels: number,
  vocabulary: Vocabulary,
  layout: PlacesLayout,
): PalettePrior {
  const [colours, logits] = [fromBase64(stored.colours), fromBase64(stored.logits)];
  const numColours = (colours?.length ?? 0) / 3;
  if (!colours || !Number.isInteger(numColours) || numColours < 1 || numColours > MAX_PALETTE_COLOURS) {
    throw new RangeError(`colours: expected base64 of 3 bytes for each of 1 to ${MAX_PALETTE_COLOURS} colours`);
  }
  const numRows = numPaletteRows(numLabels, vocabulary);
  if (logits?.length !== numRows * numColours) {
    throw new RangeError(
      `logits: expected base64 of ${numRows} rows of ${numColours} bytes, for labels and attributes; make it again by figment palette`,
    );
  }
  return {
    colours,
    logits: signed(logits),
    deviation: stored.deviation,
    sure: stored.sure ?? 0,
    ...(stored.offsets !== undefined && { offsets: parseOffsets(stored.offsets, numColours) }),
    ...(stored.places && { places: parsePlaces(stored.places, numColours, layout) }),
    ...(stored.isCut && { isCut: true }),
  };
}

function parseOffsets(text: string, numColours: number): Int8Array {
  const offsets = fromBase64(text);
  if (offsets?.length === 3 * numColours) return signed(offsets);
  throw new RangeError(`offsets: expected base64 of 3 bytes for each of ${numColours} colours`);
}

function parsePlaces(
  stored: { parts: string; shares: string },
  numColours: number,
  layout: PlacesLayout,
): PalettePlaces {
  const [parts, shares] = [fromBase64(stored.parts), fromBase64(stored.shares)];
  const numParts = (shares?.length ?? 0) / numColours;
  const size = numCells(layout);
  const isWhole = Number.isInteger(numParts) && numParts >= 1 && numParts <= MAX_PARTS;
  if (parts && shares && isWhole && parts.length === Math.ceil((size * numParts) / 2)) {
    return { parts: unpackRough(parts, size * numParts), shares };
  }
  throw new RangeError(
    `places: expected base64 of 1 to ${MAX_PARTS} parts for each of ${numColours} colours and ${size} pixels; make it again by figment palette`,
  );
}

const signed = ({ buffer, byteOffset, length }: Uint8Array) => new Int8Array(buffer, byteOffset, length);
const unsigned = ({ buffer, byteOffset, length }: Int8Array) => new Uint8Array(buffer, byteOffset, length);

/** The palette as text, for JSON. @throws RangeError for more than is read again */
export function formatPalette({
  colours,
  logits,
  deviation,
  sure,
  offsets,
  places,
  isCut,
}: PalettePrior): StoredPalette {
  const text = (bytes: Uint8Array) => toStoredBase64('formatPalette', bytes);
  return {
    colours: text(colours),
    logits: text(unsigned(logits)),
    deviation,
    sure: sure || undefined,
    ...(offsets && { offsets: text(unsigned(offsets)) }),
    ...(places && { places: { parts: text(packRough(places.parts)), shares: text(places.shares) } }),
    ...(isCut && { isCut }),
  };
}
