// The work of figment dataset: draws or relabels pictures under a progress line, and writes them as a data set.
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { asCell, cellsOf, flawOfHeader, linesOf, wrongCells } from '../../../runtime/core/csv.ts';
import {
  type Dataset,
  decodeText,
  MAX_IMAGE_BYTES,
  MAX_LABEL_LENGTH,
  NO_TEXT,
  numFramesOf,
} from '../../../runtime/index.ts';
import { makeWritableFolder } from '../../node/atomicWrite.ts';
import { readDataset } from '../../node/readDataset.ts';
import { counted, type Progress, startProgress } from '../../node/terminal.ts';
import { UsageError } from '../../node/usageError.ts';
import { writeDataset } from '../../node/writeDataset.ts';
import { refuseInClasses } from '../refuseInClasses.ts';
import { drawFaces, FACE_LABELS } from './dicebearFaces.ts';
import { type Group, regroup } from './regroup.ts';
import { DRAWN_MATERIALS, drawMaterials } from './surfaces/drawMaterials.ts';
import { drawSurfaces, SURFACE_LABELS } from './surfaces/drawSurfaces.ts';
import { drawWalkers, WALKER_FRAMES, WALKER_GRID, WALKER_LABELS } from './walkers/drawWalkers.ts';

export interface DrawCommandOptions {
  out: string;
  count: number;
  size: number;
  seed: number;
  /** Whether surfaces are drawn with their maps. */
  maps?: boolean;
}

export async function makeFaces({ out, count, size, seed }: DrawCommandOptions): Promise<void> {
  checkBytes('dicebear', FACE_LABELS.length * count * 4 * size ** 2);
  const description = `${size}x${size} RGBA pixel faces drawn with DiceBear; label = what the face wears, attributes.csv what else can be seen.`;
  const draw = (onProgress: OnProgress) => drawFaces({ count, sizePx: size, seed, onProgress });
  return make('dicebear', out, description, draw);
}

export async function makeSurfaces({ out, count, size, seed, maps = false }: DrawCommandOptions): Promise<void> {
  checkBytes('surfaces', (maps ? 6 * DRAWN_MATERIALS.length : 3 * SURFACE_LABELS.length) * count * size ** 2);
  if (maps) {
    const description = `${size}x${size} seamless materials drawn by formula, with height, roughness and metal; label = material.`;
    return make('surfaces', out, description, (onProgress) => drawMaterials({ count, sizePx: size, seed, onProgress }));
  }
  const description = `${size}x${size} RGB seamless surfaces drawn by formula; label = material.`;
  const draw = (onProgress: OnProgress) => drawSurfaces({ count, sizePx: size, seed, onProgress });
  return make('surfaces', out, description, draw);
}

export async function makeWalkers({ out, count, size, seed }: DrawCommandOptions): Promise<void> {
  const height = (size / WALKER_GRID.widthPx) * WALKER_GRID.heightPx;
  checkBytes('walkers', WALKER_LABELS.length * count * WALKER_FRAMES.length * 4 * size * height);
  const description = `${size}x${height} RGBA figures that walk, drawn by formula; label = role.`;
  const draw = (onProgress: OnProgress) => drawWalkers({ count, sizePx: size, seed, onProgress });
  return make('walkers', out, description, draw);
}

/** @throws UsageError when the images are more than a data set may hold, before any of them is drawn */
function checkBytes(name: string, numBytes: number): void {
  if (numBytes <= MAX_IMAGE_BYTES) return;
  throw new UsageError(
    `dataset ${name}: the images would have ${numBytes} bytes of pixels; expected at most ${MAX_IMAGE_BYTES}; lower --count or --size`,
  );
}

export interface RelabelCommandOptions {
  data: string;
  attributes: string;
  column: string;
  group: Group[];
  matched?: boolean;
  seed: number;
  out: string;
}

export async function relabelPictures(command: RelabelCommandOptions): Promise<void> {
  const { data, attributes, group, matched = false, seed, out } = command;
  const column = asCell(command.column);
  refuseLong(group);
  await refuseInClasses('dataset relabel', out, data);
  const source = await readDataset(data);
  const values = valuesOf(source, await readCsv(attributes), attributes, column);
  const draw = async () => regroup(source, values, group, { matched, seed });
  await make('relabel', out, `${source.name} by ${column}: ${group.map(({ label }) => label).join(', ')}.`, draw);
}

/** @throws UsageError for a label that no data set may have */
function refuseLong(groups: readonly Group[]): void {
  const long = groups.find(({ label }) => label.length > MAX_LABEL_LENGTH);
  if (!long) return;
  const shown = `${long.label.slice(0, 40)}…`;
  throw new UsageError(
    `dataset relabel: the label "${shown}" of --group is longer than ${MAX_LABEL_LENGTH} characters; shorten it`,
  );
}

/** The value in a column for every picture, in the order of the data set. Of class folders a column `file` may tell which picture a line is of. */
function valuesOf(dataset: Dataset, rows: Record<string, string>[], file: string, column: string) {
  const { labels, classLabels } = dataset;
  const { sources } = dataset;
  const key = sources && Object.hasOwn(rows[0] ?? {}, 'file') ? 'file' : 'tile';
  const missing = [column, 'label', key].find((name) => !Object.hasOwn(rows[0] ?? {}, name));
  if (missing !== undefined) {
    const remedy =
      missing === column ? 'name one of its first line' : `add it, since label and ${key} tell which picture`;
    throw new UsageError(`dataset relabel: ${file} has no column "${missing}"; ${remedy}`);
  }
  const byPlace = new Map<string, string>();
  for (const row of rows) {
    const place = placeKey(row.label!, row[key]!);
    if (byPlace.has(place)) {
      throw new UsageError(
        `dataset relabel: ${file} tells of ${key} ${row[key]} of "${row.label}" twice; keep one line`,
      );
    }
    byPlace.set(place, row[column]!);
  }
  const next = labels.map(() => 0);
  return Array.from(classLabels, (label, image) => {
    const tile = next[label]!;
    next[label]! += numFramesOf(dataset);
    const name = key === 'file' ? asCell(sources![image]!.replace(/^[^/]*\//, '')) : tile;
    const value = byPlace.get(placeKey(asCell(labels[label]!), String(name)));
    if (value !== undefined) return value;
    throw new UsageError(`dataset relabel: ${file} has no line for ${key} ${name} of "${labels[label]}"`);
  });
}

/** Tells pictures apart, also where label and file have blanks: `b 1.png` of "a" is not `1.png` of "a b". */
const placeKey = (label: string, name: string) => JSON.stringify([label, name]);

/**
 * Reads a CSV file without quotes: the names of its columns, then one record a line.
 *
 * @throws UsageError for what is not UTF-8, for a first line that was written otherwise, and naming a line that has other columns than that
 */
async function readCsv(file: string): Promise<Record<string, string>[]> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`dataset relabel: ${file} cannot be read (${error.code}); expected a CSV file`);
  });
  const text = decodeText(bytes);
  if (text === undefined) throw new UsageError(`dataset relabel: ${file}: ${NO_TEXT}`);
  const [header = '', ...lines] = linesOf(text);
  const names = cellsOf(header);
  const flaw = names.includes('label') ? undefined : flawOfHeader(header);
  if (flaw !== undefined) throw new UsageError(`dataset relabel: ${file}: line 1 ${flaw}`);
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    const row = cellsOf(line);
    if (row.length === names.length) return [Object.fromEntries(row.map((value, column) => [names[column]!, value]))];
    throw new UsageError(`dataset relabel: ${file}: line ${i + 2} ${wrongCells(row, names)}`);
  });
}

type OnProgress = (numDone: number, numImages: number) => void;

async function make(
  name: string,
  out: string,
  description: string,
  draw: (onProgress: OnProgress) => Promise<Dataset>,
): Promise<void> {
  await checkEmpty(name, out);
  const isNew = await makeWritableFolder(out, { name: `dataset ${name}: --out ${out}` });
  const progress = startLate(name);
  try {
    const dataset = await draw(progress.update);
    await writeDataset(out, dataset, description);
    const { classLabels, labels } = dataset;
    console.log(`${counted(classLabels.length, 'image')} with ${counted(labels.length, 'label')} in ${out}`);
  } finally {
    progress.stop();
    if (isNew) await rmdir(out).catch(() => {}); // what failed leaves an empty folder, which goes; any other stays
  }
}

/** @throws UsageError when the folder holds anything, which would mix with the new files */
async function checkEmpty(name: string, dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UsageError(`dataset ${name}: --out ${dir} is no folder that can be read (${error.code})`);
  });
  if (names.length > 0) {
    throw new UsageError(`dataset ${name}: --out ${dir} is not empty; choose a new folder, or empty this one`);
  }
}

const QUIET_MS = 2000;

/** A progress line that appears only when the work takes longer than two seconds. */
function startLate(title: string) {
  const start = performance.now();
  let shown: Progress | undefined;
  return {
    update: (numDone: number, numImages: number) => {
      if (performance.now() - start < QUIET_MS) return;
      shown ??= startProgress(title);
      shown.update(numDone / numImages, `${numDone}/${numImages}`);
    },
    stop: () => shown?.stop(),
  };
}
