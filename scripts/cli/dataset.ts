import { readdir } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { MAX_SEED } from '../../runtime/core/random.ts';
import type { Dataset } from '../../runtime/index.ts';
import { readDataset } from '../node/readDataset.ts';
import { type Progress, startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { drawFaces, FACE_DEFAULTS, FACE_GRID_PX, FACE_LABELS } from './dataset/dicebearFaces.ts';
import { readCsv } from './dataset/readCsv.ts';
import { type Group, regroup } from './dataset/regroup.ts';
import { drawSurfaces, SURFACE_DEFAULTS, SURFACE_LABELS } from './dataset/surfaces/drawSurfaces.ts';
import { wholeNumber } from './optionParsers.ts';

interface DrawFlags {
  out: string;
  count: number;
  size: number;
  seed: number;
}

const MAX_COUNT = 20_000;
const MAX_SIZE_PX = 256;

/** `figment dataset`: makes data sets to train on. */
export function datasetCommand(): Command {
  return new Command('dataset')
    .description('make a data set to train on')
    .addCommand(dicebearCommand())
    .addCommand(surfacesCommand())
    .addCommand(relabelCommand());
}

function dicebearCommand(): Command {
  return new Command('dicebear')
    .description(`draw labelled pixel faces with DiceBear (${FACE_LABELS.join(', ')})`)
    .requiredOption('--out <dir>', 'folder to write dataset.json and the sheets to; new or empty')
    .addOption(numberOption('--count <n>', 'faces of each label', FACE_DEFAULTS.count, wholeNumber(1, MAX_COUNT)))
    .addOption(numberOption('--size <px>', 'width and height, a multiple of 16', FACE_DEFAULTS.sizePx, faceSize))
    .addOption(numberOption('--seed <n>', 'other faces for another seed', FACE_DEFAULTS.seed, wholeNumber(0, MAX_SEED)))
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(makeFaces);
}

function numberOption(flags: string, text: string, preset: number, parse: (text: string) => number): Option {
  return new Option(flags, text).default(preset).argParser(parse);
}

function faceSize(text: string): number {
  const size = wholeNumber(FACE_GRID_PX, MAX_SIZE_PX)(text);
  if (size % FACE_GRID_PX === 0) return size;
  throw new InvalidArgumentError(`expected a multiple of ${FACE_GRID_PX}, so that pixels stay square.`);
}

function makeFaces({ out, count, size, seed }: DrawFlags): Promise<void> {
  const description = `${size}x${size} RGBA pixel faces drawn with DiceBear; label = what the face wears.`;
  const draw = (onProgress: OnProgress) => drawFaces({ count, sizePx: size, seed, onProgress });
  return make('dicebear', out, description, draw);
}

function surfacesCommand(): Command {
  return new Command('surfaces')
    .description(`draw labelled seamless surfaces by formula (${SURFACE_LABELS.join(', ')})`)
    .requiredOption('--out <dir>', 'folder to write dataset.json and the sheets to; new or empty')
    .addOption(numberOption('--count <n>', 'images of each label', SURFACE_DEFAULTS.count, wholeNumber(1, MAX_COUNT)))
    .addOption(numberOption('--size <px>', 'width and height', SURFACE_DEFAULTS.sizePx, wholeNumber(8, MAX_SIZE_PX)))
    .addOption(
      numberOption('--seed <n>', 'other surfaces for another seed', SURFACE_DEFAULTS.seed, wholeNumber(0, MAX_SEED)),
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(makeSurfaces);
}

function makeSurfaces({ out, count, size, seed }: DrawFlags): Promise<void> {
  const description = `${size}x${size} RGB seamless surfaces drawn by formula; label = material.`;
  const draw = (onProgress: OnProgress) => drawSurfaces({ count, sizePx: size, seed, onProgress });
  return make('surfaces', out, description, draw);
}

const RELABEL_DETAILS = `
The CSV has a line for each picture: its label, its place among those of that label (tile, from 0), and what is to be known.
A group is a new label and the values it stands for, * for all others; what no group names is left out.

Example:
  figment dataset relabel --data portraits --attributes portraits/attributes.csv --column hat \\
      --group no_hat=none --group 'hat=*' --matched --out hats`;

function relabelCommand(): Command {
  return new Command('relabel')
    .description('label the pictures of a data set anew, by a column of a CSV file: for classifiers')
    .requiredOption(
      '--data <dir>',
      'data set: a folder with dataset.json and sheets, or one folder of PNG files per class',
    )
    .requiredOption('--attributes <csv>', 'what is known of each picture')
    .requiredOption('--column <name>', 'the column that tells')
    .requiredOption('--group <label=values>', 'a new label and the values it stands for; repeated', addGroup)
    .option('--matched', 'of each old label take equally many pictures into every group')
    .addOption(numberOption('--seed <n>', 'other pictures are left out for another seed', 0, wholeNumber(0, MAX_SEED)))
    .requiredOption('--out <dir>', 'folder to write dataset.json and the sheets to; new or empty')
    .addHelpText('after', RELABEL_DETAILS)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(relabelPictures);
}

function addGroup(text: string, before: Group[] = []): Group[] {
  const [label, values, ...rest] = text.split('=');
  if (!label || !values || rest.length > 0) throw new InvalidArgumentError('expected label=value,value or label=*.');
  return [...before, { label, values: values.split(',') }];
}

interface RelabelFlags {
  data: string;
  attributes: string;
  column: string;
  group: Group[];
  matched?: boolean;
  seed: number;
  out: string;
}

async function relabelPictures(flags: RelabelFlags): Promise<void> {
  const { data, attributes, column, group, matched = false, seed, out } = flags;
  const source = await readDataset(data);
  const values = valuesOf(source, await readCsv(attributes), attributes, column);
  const draw = async () => regroup(source, values, group, { matched, seed });
  await make('relabel', out, `${source.name} by ${column}: ${group.map(({ label }) => label).join(', ')}.`, draw);
}

/** The column's value of every picture, in the order of the data set. */
function valuesOf({ labels, classLabels }: Dataset, rows: Record<string, string>[], file: string, column: string) {
  if (!(column in (rows[0] ?? {}))) throw new UsageError(`dataset relabel: ${file} has no column "${column}"`);
  const byPlace = new Map(rows.map((row) => [`${row.label} ${row.tile}`, row[column]!]));
  const next = labels.map(() => 0);
  return Array.from(classLabels, (label) => {
    const tile = next[label]!++;
    const value = byPlace.get(`${labels[label]} ${tile}`);
    if (value !== undefined) return value;
    throw new UsageError(`dataset relabel: ${file} has no line for tile ${tile} of "${labels[label]}"`);
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
  const progress = startLate(name);
  try {
    const dataset = await draw(progress.update);
    await writeDataset(out, dataset, description);
    console.log(`${dataset.classLabels.length} images with ${dataset.labels.length} labels in ${out}`);
  } finally {
    progress.stop();
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
