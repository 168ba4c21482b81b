import { type AttributeExamples, MAX_EXAMPLE_LABELS } from '../core/attributeExamples.ts';
import {
  ANY,
  type Attributes,
  type AttributeValues,
  isRange,
  type NumberRange,
  type Vocabulary,
} from '../core/attributes.ts';
import { MAX_STORED_LENGTH } from '../core/base64.ts';
import { evenlySpread } from '../core/evenlySpread.ts';
import { nearestWord } from '../core/nearestWord.ts';

/** An attribute of words, of all images. */
export interface WordColumn {
  name: string;
  values: readonly string[];
  /** The place of each image's word; `ANY` (−1) where it is not known. */
  data: Int16Array;
}

/** An attribute that is measured, of all images. */
export interface NumberColumn {
  name: string;
  values: NumberRange;
  /** Each image's number; NaN where it is not known. As `unknownNumbers` makes it. */
  data: Numbers;
}

/** Numbers of a range, in float32 where that tells them apart. */
type Numbers = Float32Array | Float64Array;

/** The most that float32 holds, and the least that it holds with all of its digits. */
const [LARGEST, LEAST] = [2 ** 127, 2 ** -126];
/** Float32 tells 2^24 numbers from 0 to 1 apart. A range far from 0 has fewer, such as that of the seconds of one day. */
const LEAST_SHARE = 2 ** -8;

/** An array for numbers of a range, in which none of them is known. */
export function unknownNumbers({ min, max }: NumberRange, length: number): Numbers {
  const largest = Math.max(Math.abs(min), Math.abs(max));
  const isFine = largest <= LARGEST && max - min >= Math.max(LEAST, LEAST_SHARE * largest);
  return new (isFine ? Float32Array : Float64Array)(length).fill(Number.NaN);
}

export type AttributeColumn = WordColumn | NumberColumn;

/** Images of which label and attributes are known. */
interface LabelledImages {
  readonly labels: readonly string[];
  readonly classLabels: ArrayLike<number>;
  readonly attributes?: readonly AttributeColumn[];
}

/** What the attributes of a data set can be. */
export function vocabularyOf(columns: readonly AttributeColumn[] = []): Vocabulary {
  return Object.fromEntries(columns.map(({ name, values }): [string, AttributeValues] => [name, values]));
}

/** The columns of some images, in this order. */
export function rowsOf(columns: readonly AttributeColumn[], images: ArrayLike<number>): AttributeColumn[] {
  const chosen = Array.from(images);
  return columns.map((column) =>
    isWords(column)
      ? { ...column, data: Int16Array.from(chosen, (image) => column.data[image]!) }
      : { ...column, data: unknownNumbers(column.values, chosen.length).map((_, i) => column.data[chosen[i]!]!) },
  );
}

/** The attributes of one image that are known, by name; those that read "any" are left out. */
export function attributesOf(columns: readonly AttributeColumn[], image: number): Attributes {
  const known = columns.flatMap((column): [string, string | number][] => {
    const value = column.data[image]!;
    if (isWords(column)) return value === ANY ? [] : [[column.name, column.values[value]!]];
    return Number.isNaN(value) ? [] : [[column.name, numberOf(column, image)]];
  });
  return Object.fromEntries(known);
}

/** An image's number, within its range: float32 may lie beyond that by a rounding. NaN where it is not known. */
export function numberOf({ data, values: { min, max } }: NumberColumn, image: number): number {
  return Math.min(max, Math.max(min, data[image]!));
}

/**
 * The attributes of some images as a network takes them: as `encodeAttributes` of each.
 *
 * @returns float32 (images, columns)
 */
export function encodeColumns(columns: readonly AttributeColumn[], images: ArrayLike<number>): Float32Array {
  const out = new Float32Array(images.length * columns.length);
  for (const [place, column] of columns.entries()) {
    for (let i = 0; i < images.length; i++) {
      const image = images[i]!;
      out[i * columns.length + place] = isWords(column) ? column.data[image]! : shareOf(column, image);
    }
  }
  return out;
}

/** An end of a range is unseen when so large a share of the range lies between it and all numbers. */
const UNSEEN_SHARE = 0.1;

/**
 * Finds the measured attributes whose numbers leave an end of their range empty, and between which numbers they lie: a model
 * learns nothing of the rest.
 */
export function unfilledRanges(
  columns: readonly AttributeColumn[],
): { name: string; range: NumberRange; seen: NumberRange }[] {
  return columns.flatMap((column) => {
    if (isWords(column)) return [];
    const { name, values: range, data } = column;
    const numbers = Array.from(data).filter((value) => !Number.isNaN(value));
    if (numbers.length === 0) return [];
    const seen = { min: numbers.reduce((a, b) => Math.min(a, b)), max: numbers.reduce((a, b) => Math.max(a, b)) };
    const unseen = Math.max(seen.min - range.min, range.max - seen.max);
    return unseen > UNSEEN_SHARE * (range.max - range.min) ? [{ name, range, seen }] : [];
  });
}

/**
 * Some of the columns, in the order in which they are named. Names that are whole numbers, such as "2", come first and
 * ascending, as in the vocabulary: it is an object, and that is how JavaScript orders the keys of objects.
 *
 * @throws RangeError for an unknown or repeated name
 */
export function selectColumns(columns: readonly AttributeColumn[], names: readonly string[]): AttributeColumn[] {
  const known = columns.map(({ name }) => name);
  const chosen = names.map((name, place): [string, AttributeColumn] => {
    const column = columns[known.indexOf(name)];
    if (column && names.indexOf(name) === place) return [name, column];
    if (column) throw new RangeError(`attribute "${name}" is named twice`);
    const nearest = nearestWord(known, name);
    throw new RangeError(
      nearest === undefined
        ? `attribute "${name}" is unknown; the data have no attributes`
        : `attribute "${name}" is unknown; did you mean "${nearest}"? known attributes: ${known.join(', ')}`,
    );
  });
  return Object.values(Object.fromEntries(chosen));
}

/**
 * What some images are, as examples by which a model decides on what a recipe leaves open: of each label up to so many images
 * of which everything is known, spread evenly; fewer where a model folder has no room for them, and none of more labels than
 * `MAX_EXAMPLE_LABELS`.
 */
export function examplesOfImages(
  { classLabels, labels, attributes = [] }: LabelledImages,
  images: ArrayLike<number>,
  perLabel: number,
): AttributeExamples {
  const mostBytes = (3 * MAX_STORED_LENGTH) / 4; // of which each example takes one for its label and one for each attribute
  const fitting = Math.floor(mostBytes / (1 + attributes.length) / labels.length);
  const most = labels.length > MAX_EXAMPLE_LABELS ? 0 : Math.min(perLabel, fitting);
  const values = encodeColumns(attributes, images);
  const isKnown = (at: number) => attributes.every((_, place) => values[at * attributes.length + place]! >= 0);
  const chosen = labels.flatMap((_, label) => {
    const members = Array.from(images).flatMap((image, at) =>
      classLabels[image] === label && isKnown(at) ? [at] : [],
    );
    return evenlySpread(members, Math.min(most, members.length));
  });
  return {
    labels: Uint8Array.from(chosen, (at) => classLabels[images[at]!]!),
    values: Float32Array.from(
      chosen.flatMap((at) => [...values.subarray(at * attributes.length, (at + 1) * attributes.length)]),
    ),
  };
}

/** The images by combination of their values, each combination's in ascending order. */
export function combinationsOf(columns: readonly AttributeColumn[], numImages: number): number[][] {
  const combinations = new Map<string, number[]>();
  for (let image = 0; image < numImages; image++) {
    const key = columns.map(({ data }) => data[image]).join();
    const members = combinations.get(key);
    if (members) members.push(image);
    else combinations.set(key, [image]);
  }
  return [...combinations.values()];
}

/**
 * The columns of one data set with the values of another below: words that are new are added, attributes that only the
 * other has are left out, and those that it lacks are not known there.
 *
 * @param numOthers images of the other
 * @throws          RangeError when an attribute has words in the one and numbers in the other, or another range
 */
export function joinColumns(
  columns: readonly AttributeColumn[],
  others: readonly AttributeColumn[],
  numOthers: number,
): AttributeColumn[] {
  return columns.map((column): AttributeColumn => {
    const other = others.find(({ name }) => name === column.name);
    if (isWords(column)) {
      if (other && !isWords(other)) throw unlike(column.name);
      const values = [...new Set([...column.values, ...(other?.values ?? [])])];
      const added = Array.from({ length: numOthers }, (_, i) => values.indexOf(other?.values[other.data[i]!] ?? ''));
      return { name: column.name, values, data: Int16Array.from([...column.data, ...added]) };
    }
    const isLike =
      !other || (!isWords(other) && other.values.min === column.values.min && other.values.max === column.values.max);
    if (!isLike) throw unlike(column.name);
    const data = unknownNumbers(column.values, column.data.length + numOthers);
    data.set(column.data);
    if (other) data.set(other.data, column.data.length);
    return { ...column, data };
  });
}

/** Whether an attribute is told by words; else it is measured. */
export function isWords(column: AttributeColumn): column is WordColumn {
  return !isRange(column.values);
}

/** Where an image's number lies in its range, 0 … 1; `ANY` where it is not known. */
function shareOf(column: NumberColumn, image: number): number {
  const { min, max } = column.values;
  const value = numberOf(column, image);
  return Number.isNaN(value) ? ANY : (value - min) / (max - min);
}

function unlike(name: string): RangeError {
  return new RangeError(`append: "${name}" has words in one data set and numbers, or other numbers, in the other`);
}
