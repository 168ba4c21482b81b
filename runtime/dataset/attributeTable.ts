// What is known of the images of a data set besides their class. `attributes.csv` has a row for each: its label, its tile (of frames
// the first) or in a class folder its file, and a column for each attribute. `dataset.json` says which words or numbers a column may hold.

import * as v from 'valibot';
import {
  ANY,
  ANY_WORD,
  type AttributeValues,
  isRange,
  MAX_ATTRIBUTE_WORDS,
  MAX_WORD_LENGTH,
  type NumberRange,
} from '../core/attributes.ts';
import { attributesByName } from '../core/attributesByName.ts';
import { cellsOf, flawOfHeader, linesOf, wrongCells } from '../core/csv.ts';
import { messageOf, quote } from '../core/errors.ts';
import { type Frame, numFramesOf } from '../core/frames.ts';
import { listed } from '../core/listed.ts';
import { nearestWord } from '../core/nearestWord.ts';
import { type AttributeColumn, isWords, unknownNumbers } from './attributeColumns.ts';
import { type Dataset, membersOf } from './dataset.ts';
import { type DatasetSource, decodeText, NO_TEXT } from './source.ts';

export const ATTRIBUTES_FILE = 'attributes.csv';

/** A range is written `0..1` or `0..1e-7`; what is measured without one is written `number`. */
const NUMBER = String.raw`(-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?)`;
const RANGE = new RegExp(`^${NUMBER}\\.\\.${NUMBER}$`);
/** A cell holds what every language reads alike: JavaScript alone would take `0x10`. Spreadsheets write `1E-5`. */
const NUMBER_CELL = new RegExp(`^${NUMBER}$`, 'i');

/** A table that is wrong throughout is told by its first lines. */
const MAX_PROBLEMS = 20;

/** What is wrong: the first of it in words, which take long to find where there are many to choose from, and how much in all. */
class FirstProblems {
  readonly texts: string[] = [];
  count = 0;

  add(text: () => string): void {
    if (this.count++ < MAX_PROBLEMS) this.texts.push(text());
  }
}

/** The columns by which a row says what it is about. */
const KEYS: readonly string[] = ['label', 'tile', 'file'];

/** A word or a name as cells of the table hold it: see `asCell`. */
const word = v.pipe(
  v.string(),
  v.normalize(),
  v.trim(),
  v.minLength(1),
  v.maxLength(MAX_WORD_LENGTH),
  v.regex(/^\P{Cc}*$/u, 'has a control character; rename it'),
);
const words = v.pipe(
  v.array(v.pipe(word, v.notValue(ANY_WORD, 'stands for any word where something is asked for; rename it'))),
  v.minLength(1),
  v.maxLength(MAX_ATTRIBUTE_WORDS),
  v.check((values) => new Set(values).size === values.length, 'holds a word twice; expected each once'),
);
const range = v.pipe(
  v.string(),
  v.check(
    (text) => text === 'number' || hasWidth(rangeOf(text)),
    'expected a list of words, a range such as "0..1", or "number"',
  ),
);

/** The entry `attributes` of `dataset.json`. */
export const VocabularySchema = attributesByName(
  v.union([words, range], 'expected a list of words, each once, a range such as "0..1", or "number"'),
  'expected the attributes by name',
  v.pipe(
    word,
    v.regex(/^(?!__proto__$)[^.\p{Cc}]+$/u, 'has a dot or control character, or is __proto__; rename it'),
    v.check((name) => !KEYS.includes(name), 'is a column that attributes.csv has anyway; rename it'),
  ),
);

interface TableDescription {
  attributes?: Record<string, readonly string[] | string>;
  /**
   * The files are those of a class folder, each with its place; tiles of a sheet have none. Both they and the labels are written as
   * cells hold them.
   */
  classes: { label: string; count: number; files?: ReadonlyMap<string, number> }[];
  frames?: readonly Frame[];
}

/**
 * Reads `attributes.csv`. Left out are attributes without a range, which nothing can be made from, and those that repeat
 * the label. An empty cell is a value that is not known.
 *
 * @param problems receives what is wrong, by line and column
 */
export async function readAttributes(
  source: DatasetSource,
  description: TableDescription,
  problems: string[],
): Promise<AttributeColumn[]> {
  let text: string | undefined;
  try {
    text = decodeText(await source.read(ATTRIBUTES_FILE));
  } catch (error) {
    problems.push(
      `${ATTRIBUTES_FILE}: cannot be read (${messageOf(error)}); add it, or take "attributes" out of dataset.json`,
    );
    return [];
  }
  if (text === undefined) {
    problems.push(`${ATTRIBUTES_FILE}: ${NO_TEXT}`);
    return [];
  }
  const found = new FirstProblems();
  const columns = parseAttributes(text, description, found);
  problems.push(...found.texts.map((problem) => `${ATTRIBUTES_FILE}: ${problem}`));
  if (found.count > MAX_PROBLEMS) problems.push(`${ATTRIBUTES_FILE}: ${found.count - MAX_PROBLEMS} more like these`);
  return found.count > 0 ? [] : columns.filter((column) => !repeatsLabel(column, description));
}

/**
 * What `readAttributes` reads: the entry `attributes` of `dataset.json`, and the text of `attributes.csv`. Tiles are those of
 * `writeDataset`: each class's, in the order of the data set.
 *
 * @throws RangeError for a label or word with a comma, quote or line break, which the table has no way to hold
 */
export function writeAttributes(
  dataset: Pick<Dataset, 'labels' | 'classLabels' | 'frames'>,
  columns: readonly AttributeColumn[],
): { description: Record<string, string[] | string>; csv: string } {
  const { labels, classLabels } = dataset;
  const numFrames = numFramesOf(dataset);
  for (const text of [
    ...labels,
    ...columns.flatMap((column) => [column.name, ...(isWords(column) ? column.values : [])]),
  ]) {
    if (!/[",\r\n]/.test(text)) continue;
    throw new RangeError(`writeAttributes: ${quote(text)} has a comma, quote or line break; rename it`);
  }
  const lines = [['label', 'tile', ...columns.map(({ name }) => name)].join()];
  for (const [label, word] of labels.entries()) {
    const images = membersOf(classLabels, label);
    for (const [place, image] of images.entries()) {
      lines.push([word, place * numFrames, ...columns.map((column) => cellOf(column, image))].join());
    }
  }
  const description = columns.map(({ name, values }): [string, string[] | string] => [
    name,
    isRange(values) ? `${values.min}..${values.max}` : [...values],
  ]);
  return { description: Object.fromEntries(description), csv: `${lines.join('\n')}\n` };
}

/** Numbers have as few digits as they need. */
function cellOf(column: AttributeColumn, image: number): string {
  const value = column.data[image]!;
  if (isWords(column)) return column.values[value] ?? '';
  if (Number.isNaN(value)) return '';
  const { min, max } = column.values;
  const short = [6, 7, 8, 9].map((digits) => Number(value.toPrecision(digits)));
  const isFloat32 = column.data instanceof Float32Array;
  const same = short.find((rounded) => (isFloat32 ? Math.fround(rounded) : rounded) === value) ?? value;
  return String(Math.min(max, Math.max(min, same)));
}

/** A cell of the header that is read, and where its values go. */
interface Reader {
  column: AttributeColumn;
  /** The position of the cell within its line, counted from 0. */
  place: number;
}

function parseAttributes(text: string, description: TableDescription, problems: FirstProblems): AttributeColumn[] {
  const lines = linesOf(text);
  const header = cellsOf(lines[0]!);
  const key = keyOf(description);
  const [labelAt, keyAt] = [header.indexOf('label'), header.indexOf(key)];
  const flaw = labelAt < 0 ? flawOfHeader(lines[0]!) : undefined;
  if (flaw !== undefined) {
    problems.add(() => `line 1: ${flaw}`);
    return [];
  }
  const numImages = description.classes.reduce((sum, { count }) => sum + imagesIn(count, description), 0);
  const readers = readersOf(description, header, numImages, problems);
  if (labelAt < 0 || keyAt < 0) {
    problems.add(
      () => `line 1: expected the columns label and ${key}, and one for each attribute, separated by commas`,
    );
    return [];
  }
  const lineOfImage = new Int32Array(numImages);
  const classes = classesByLabel(description);
  for (let line = 1; line < lines.length; line++) {
    if (lines[line]!.trim() === '') continue;
    const cells = cellsOf(lines[line]!);
    if (cells.length !== header.length) {
      problems.add(() => `line ${line + 1}: ${wrongCells(cells, header)}`);
      continue;
    }
    const image = imageOf(cells[labelAt]!, cells[keyAt]!, description, classes, [labelAt, keyAt], line, problems);
    if (image !== null && lineOfImage[image] !== 0) {
      problems.add(
        () => `line ${line + 1}: tells of ${cells[labelAt]} ${cells[keyAt]} again, as line ${lineOfImage[image]}`,
      );
    }
    if (image !== null) lineOfImage[image] = line + 1;
    for (const reader of readers) readCell(reader, cells[reader.place]!, image, line, problems);
  }
  addMissing(lineOfImage, description, problems);
  return readers.map(({ column }) => column);
}

function readersOf(
  { attributes = {} }: TableDescription,
  header: string[],
  numImages: number,
  problems: FirstProblems,
): Reader[] {
  const known = new Set([...KEYS, ...Object.keys(attributes)]);
  const others = header.filter((name) => !known.has(name));
  return Object.entries(attributes).flatMap(([name, text]) => {
    const values = valuesOf(text);
    if (!values) return [];
    const place = header.indexOf(name);
    if (place < 0) {
      const nearest = nearestWord(others, name);
      const guess = nearest === undefined ? ';' : `; did you mean the column "${nearest}"?`;
      problems.add(
        () => `line 1: has no column "${name}", which dataset.json lists${guess} columns: ${listed(header)}`,
      );
      return [];
    }
    if (header.indexOf(name, place + 1) >= 0) problems.add(() => `line 1: has the column "${name}" twice`);
    const column: AttributeColumn = isRange(values)
      ? { name, values, data: unknownNumbers(values, numImages) }
      : { name, values, data: new Int16Array(numImages).fill(ANY) };
    return [{ column, place }];
  });
}

function valuesOf(text: readonly string[] | string): AttributeValues | null {
  return typeof text === 'string' ? rangeOf(text) : text;
}

function rangeOf(text: string): NumberRange | null {
  const match = RANGE.exec(text);
  return match && { min: Number(match[1]), max: Number(match[2]) };
}

function hasWidth(range: NumberRange | null): boolean {
  return range !== null && range.min < range.max && Number.isFinite(range.max - range.min);
}

/** So many tiles as images, of as many frames as they have. */
function imagesIn(numTiles: number, description: Pick<TableDescription, 'frames'>): number {
  return Math.floor(numTiles / numFramesOf(description));
}

/** A class and the first of its images. */
interface ClassPlace {
  entry: TableDescription['classes'][number];
  first: number;
}

/** Where the images of each label are; of a label that is there twice, those of the first. */
function classesByLabel(description: TableDescription): ReadonlyMap<string, ClassPlace> {
  const places = new Map<string, ClassPlace>();
  let first = 0;
  for (const entry of description.classes) {
    if (!places.has(entry.label)) places.set(entry.label, { entry, first });
    first += imagesIn(entry.count, description);
  }
  return places;
}

/** The image of the data set that a row is about; null where there is none. */
function imageOf(
  label: string,
  key: string,
  description: TableDescription,
  classes: ReadonlyMap<string, ClassPlace>,
  [labelAt, keyAt]: [number, number],
  line: number,
  problems: FirstProblems,
): number | null {
  const found = classes.get(label);
  if (!found) {
    problems.add(() => `${cell(line, labelAt, 'label')}: ${unknown(label, [...classes.keys()])}`);
    return null;
  }
  const { count, files } = found.entry;
  const place = files ? (files.get(key) ?? -1) : placeOfTile(key, count, numFramesOf(description));
  if (place < 0) {
    problems.add(() => {
      const problem = files ? unknown(key, [...files.keys()]) : notATile(key, label, count, numFramesOf(description));
      return `${cell(line, keyAt, keyOf(description))}: ${problem}`;
    });
    return null;
  }
  return found.first + place;
}

/** The column that says which image of a class a row is about. */
const keyOf = ({ classes }: TableDescription) => (classes.some(({ files }) => files) ? 'file' : 'tile');

/** The place of a tile's image within its class; −1 where there is none. */
function placeOfTile(tile: string, count: number, numFrames: number): number {
  const number = /^\d+$/.test(tile) ? Number(tile) : -1;
  const isFirst = number >= 0 && number + numFrames <= count && number % numFrames === 0;
  return isFirst ? number / numFrames : -1;
}

function notATile(tile: string, label: string, count: number, numFrames: number): string {
  const step = numFrames > 1 ? ` in steps of ${numFrames}` : '';
  return `is ${quote(tile)}; expected 0 to ${count - numFrames}${step}, as ${label} has ${count} tiles`;
}

function readCell(
  { column, place }: Reader,
  text: string,
  image: number | null,
  line: number,
  problems: FirstProblems,
): void {
  if (text === '') return;
  let value: number;
  if (isWords(column)) {
    value = column.values.indexOf(text);
    if (value < 0) problems.add(() => `${cell(line, place, column.name)}: ${unknown(text, column.values)}`);
  } else {
    const { min, max } = column.values;
    value = NUMBER_CELL.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      problems.add(
        () => `${cell(line, place, column.name)}: is ${quote(text)}; expected a number from ${min} to ${max}`,
      );
    }
  }
  if (image !== null) column.data[image] = value;
}

function addMissing(lineOfImage: Int32Array, description: TableDescription, problems: FirstProblems): void {
  const numFrames = numFramesOf(description);
  let first = 0;
  for (const { label, count, files } of description.classes) {
    const lines = lineOfImage.subarray(first, first + imagesIn(count, description));
    const names = files ? [...files.keys()] : Array.from(lines.keys(), (image) => image * numFrames);
    const missing = names.filter((_, image) => lines[image] === 0);
    first += lines.length;
    if (missing.length === 0) continue;
    const some = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
    problems.add(() => `${label}: ${missing.length} of ${lines.length} ${keyOf(description)}s have no row: ${some}`);
  }
}

const cell = (line: number, place: number, name: string) => `line ${line + 1}, column ${place + 1} (${name})`;

function unknown(word: string, known: readonly string[]): string {
  return `${quote(word)} is unknown; did you mean "${nearestWord(known, word)}"? known: ${listed(known)}`;
}

function repeatsLabel(column: AttributeColumn, description: TableDescription): boolean {
  if (!isWords(column)) return false;
  let first = 0;
  return description.classes.every(({ label, count }) => {
    const word = column.values.indexOf(label);
    const values = column.data.subarray(first, first + imagesIn(count, description));
    first += values.length;
    return word >= 0 && values.every((value) => value === word);
  });
}
