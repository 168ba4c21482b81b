/**
 * A data set as `dataset.json` and one PNG sheet for each class: tiles left to right, top to bottom, `count` of them. Of
 * materials, a second sheet for each class has the maps of the same tiles: height in red, roughness in green, metal in blue.
 */

import * as v from 'valibot';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { DATASET_FILE } from '../core/fileNames.ts';
import { type Frame, numFramesOf } from '../core/frames.ts';
import { FRAMES_SCHEMA } from '../core/framesSchema.ts';
import { isTransparent, joinMaps, type NumChannels, type PixelImage, withChannels } from '../core/pixels.ts';
import type { AttributeColumn } from './attributeColumns.ts';
import { readAttributes, VocabularySchema } from './attributeTable.ts';
import { type Dataset, DatasetError, MAX_IMAGE_BYTES } from './dataset.ts';
import { checkDatasetFile, credit, plainText, plainTextOf } from './datasetFile.ts';
import { type DatasetSource, type DecodePng, readImage } from './source.ts';

const path = plainTextOf(1000);
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));

/** All classes together may have so many: what is laid out for each tile is bounded before any sheet is looked at. */
const MAX_TILES = 2_000_000;
/** Each class has a sheet of its own, which is read and decoded. */
const MAX_CLASSES = 10_000;

const mapsName = v.pipe(
  path,
  v.includes('{label}', 'expected a name with {label} in it'),
  v.transform((name) => name.split(/\s/, 1)[0]!),
);

const classSchema = v.object({
  label: plainText,
  file: path,
  maps: v.optional(path),
  count: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

const descriptionSchema = v.object({
  name: plainText,
  description: v.optional(v.string()),
  tileWidth: positive,
  tileHeight: positive,
  columns: positive,
  channels: v.number(), // checked with the classes, so that the sheets are looked at all the same
  licence: credit,
  attribution: credit,
  maps: v.optional(v.object({ hrm: v.optional(mapsName) })),
  attributes: v.optional(VocabularySchema),
  frames: v.optional(FRAMES_SCHEMA),
  tilesPerCharacter: v.optional(positive),
  classes: v.pipe(
    v.array(v.unknown()), // they are counted before each of them is looked at
    v.maxLength(MAX_CLASSES, `expected at most ${MAX_CLASSES} classes; put some together`),
    v.array(classSchema),
    v.minLength(1, 'there are no classes; expected at least one'),
    v.check(
      (classes) => classes.reduce((sum, { count }) => sum + count, 0) <= MAX_TILES,
      `expected at most ${MAX_TILES} tiles in all; split the data set`,
    ),
  ),
});

/** What `dataset.json` says. */
export interface SheetDescription {
  name: string;
  description?: string;
  tileWidth: number;
  tileHeight: number;
  columns: number;
  /** The channels of the pictures: 3 for RGB, 4 for RGBA. */
  channels: number;
  licence: string;
  attribution: string;
  /** The file names of the sheets with the maps, such as `{label}_hrm.png`; text behind a space is a remark and is ignored. */
  maps?: { hrm?: string };
  /** What `attributes.csv` tells of the tiles. */
  attributes?: Record<string, string | string[]>;
  /** What so many tiles in a row are: the frames of one subject, which one row of `attributes.csv` is about. */
  frames?: Frame[];
  /** The number of frames, as the data set's own tools count them. */
  tilesPerCharacter?: number;
  classes: SheetClass[];
}

interface SheetClass {
  label: string;
  file: string;
  /** The file of the sheet with this class's maps. By default its name follows from `maps.hrm`. */
  maps?: string;
  count: number;
}

const sheetSchema = v.pipe(
  descriptionSchema,
  v.check(
    (description) => imageBytes(description) <= MAX_IMAGE_BYTES,
    `its tiles have more than ${MAX_IMAGE_BYTES} bytes of pixels; split the data set, or make the tiles smaller`,
  ),
);

/** The bytes of all tiles together. */
function imageBytes(description: SheetDescription): number {
  const { tileWidth, tileHeight, channels, classes } = description;
  const numTiles = classes.reduce((sum, { count }) => sum + count, 0);
  return numTiles * tileWidth * tileHeight * (haveMaps(description) ? MATERIAL_CHANNELS : channels === 3 ? 3 : 4);
}

/**
 * Reads a data set of sheets.
 *
 * @param json what `dataset.json` holds
 * @throws DatasetError with every problem of the description and of the sheets
 */
export async function openSheets(source: DatasetSource, decode: DecodePng, json: unknown): Promise<Dataset> {
  const description: SheetDescription = checkDatasetFile(source, sheetSchema, json);
  const problems = [...channelProblems(description), ...frameProblems(description), ...classProblems(description)];
  const tiles: Uint8Array[] = [];
  const numPixels = pixelsOfLargest(description);
  for (const entry of description.classes) {
    const sheets: PixelImage[] = [];
    for (const file of sheetsOf(description, entry)) {
      if (leavesFolder(file)) continue;
      const sizeProblems = (size: SheetSize) => sheetProblems(description, { ...entry, file }, size);
      const sheet = await readImage(source, decode, file, problems, { sizeProblems, numPixels });
      if (!sheet) continue;
      problems.push(...sizeProblems(sheet), ...alphaProblems(description, file, sheet));
      sheets.push(sheet);
    }
    if (problems.length > 0) continue;
    const [pictures, maps] = sheets.map((sheet) => cutTiles(sheet, description, entry.count));
    tiles.push(maps ? joinMaps(pictures!, maps) : pictures!);
  }
  const attributes = description.attributes && (await readAttributes(source, description, problems));
  if (problems.length > 0) throw new DatasetError(description.name, problems);
  return assemble(description, tiles, attributes);
}

/** The pixels of the largest sheet: the columns may be any number, but not the tiles. */
function pixelsOfLargest({ tileWidth, tileHeight, columns, classes }: SheetDescription): number {
  const numRows = Math.max(...classes.map(({ count }) => Math.ceil(count / columns)));
  return Math.min(numRows * tileHeight * columns * tileWidth, MAX_IMAGE_BYTES / 3);
}

/** The sheet of a class's pictures and, where there is one, that of their maps. */
function sheetsOf({ maps }: SheetDescription, { label, file, maps: own }: SheetClass): string[] {
  const named = maps?.hrm?.replaceAll('{label}', label);
  return [file, own ?? named].filter((name) => name !== undefined);
}

const haveMaps = ({ maps, classes }: SheetDescription) =>
  maps?.hrm !== undefined || classes.some((entry) => entry.maps !== undefined);

function channelProblems(description: SheetDescription): string[] {
  const { channels, maps, classes } = description;
  if (channels !== 3 && channels !== 4) {
    return [`${DATASET_FILE}: unknown channels ${channels}; expected 3 (RGB) or 4 (RGBA)`];
  }
  if (!haveMaps(description)) return [];
  const without = maps?.hrm ? undefined : classes.find((entry) => entry.maps === undefined);
  if (without) return [`${DATASET_FILE}: class "${without.label}" has no maps, as others do; name its sheet of them`];
  return channels === 3 ? [] : [`${DATASET_FILE}: channels is 4; expected 3, as pictures with maps have no alpha`];
}

/** The tiles of a class are whole subjects. */
function frameProblems(description: SheetDescription): string[] {
  const { frames, tilesPerCharacter = numFramesOf(description), classes } = description;
  const numFrames = numFramesOf(description);
  if (tilesPerCharacter !== numFrames) {
    return [
      `${DATASET_FILE}: tilesPerCharacter is ${tilesPerCharacter}, but ${frames ? `there are ${numFrames}` : 'there are no'} frames; list one for each tile of a character in "frames"`,
    ];
  }
  return classes
    .filter(({ count }) => count % numFrames !== 0)
    .map(
      ({ file, count }) => `${file}: count ${count} is no multiple of the ${numFrames} frames; give whole characters`,
    );
}

function classProblems(description: SheetDescription): string[] {
  const problems: string[] = [];
  const seen = new Map<string, SheetClass>();
  const ofFile = new Map<string, string>();
  for (const entry of description.classes) {
    const { label, file, count } = entry;
    const other = seen.get(label);
    if (other) problems.push(`${file}: duplicate label "${label}", also of ${other.file}; labels must differ`);
    else seen.set(label, entry);
    const owner = ofFile.get(file);
    if (owner !== undefined) {
      problems.push(`${file}: is the sheet of "${label}" and of "${owner}", with the same tiles; give each its own`);
    }
    ofFile.set(file, label);
    if (count === 0) problems.push(`${file}: class "${label}" is empty; expected at least one image`);
    for (const path of sheetsOf(description, entry).filter(leavesFolder)) {
      problems.push(`${path}: leaves the data set's folder; expected a path inside it`);
    }
  }
  return problems;
}

/** Absolute paths, drive letters, addresses, backslashes and `..`, which an address may spell %2e%2e. */
function leavesFolder(path: string): boolean {
  return path.startsWith('/') || /[\\:%]/.test(path) || path.split('/').includes('..');
}

type SheetSize = Pick<PixelImage, 'width' | 'height'>;

function sheetProblems(description: SheetDescription, entry: SheetClass, sheet: SheetSize): string[] {
  const { tileWidth, tileHeight, columns } = description;
  const { file, count } = entry;
  const problems: string[] = [];
  if (sheet.width !== columns * tileWidth || sheet.height % tileHeight !== 0) {
    const expected = `${columns * tileWidth} wide (${columns} x ${tileWidth}) and a multiple of ${tileHeight} high`;
    problems.push(`${file}: wrong size ${sheet.width}x${sheet.height}; expected ${expected}`);
  } else if (count > columns * (sheet.height / tileHeight)) {
    const room = columns * (sheet.height / tileHeight);
    problems.push(`${file}: count ${count} is beyond the sheet, which holds ${room} tiles`);
  }
  return problems;
}

function alphaProblems({ channels }: SheetDescription, file: string, sheet: PixelImage): string[] {
  if (channels !== 3 || !isTransparent(sheet)) return [];
  return [`${file}: has transparent pixels, but channels is 3; set channels to 4 or flatten the sheet`];
}

/** The first `count` tiles of a sheet, one after the other. */
function cutTiles(sheet: PixelImage, description: SheetDescription, count: number): Uint8Array {
  const { tileWidth, tileHeight, columns, channels } = description;
  const pixels = withChannels(sheet, channels as NumChannels);
  const rowBytes = tileWidth * channels;
  const out = new Uint8Array(count * tileHeight * rowBytes);
  let at = 0;
  for (let tile = 0; tile < count; tile++) {
    const top = Math.floor(tile / columns) * tileHeight;
    for (let y = 0; y < tileHeight; y++, at += rowBytes) {
      const from = ((top + y) * columns + (tile % columns)) * rowBytes;
      out.set(pixels.subarray(from, from + rowBytes), at);
    }
  }
  return out;
}

function assemble(
  description: SheetDescription,
  tiles: Uint8Array[],
  attributes: AttributeColumn[] | undefined,
): Dataset {
  const { name, tileWidth, tileHeight, channels, licence, attribution, classes, frames } = description;
  const numFrames = numFramesOf(description);
  const images = new Uint8Array(tiles.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of tiles) {
    images.set(part, at);
    at += part.length;
  }
  return {
    name,
    widthPx: tileWidth,
    heightPx: tileHeight,
    channels: haveMaps(description) ? MATERIAL_CHANNELS : (channels as NumChannels),
    labels: classes.map(({ label }) => label),
    licence,
    attribution,
    images,
    classLabels: Int32Array.from(
      classes.flatMap(({ count }, index) => new Array<number>(count / numFrames).fill(index)),
    ),
    ...(attributes && { attributes }),
    ...(frames && { frames }),
    sources: classes.flatMap(({ file, count }) =>
      Array.from({ length: count / numFrames }, (_, image) => `${file}#${image * numFrames}`),
    ),
  };
}
