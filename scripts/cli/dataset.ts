// figment dataset: its options; dataset/makeDataset.ts does the work and is loaded only then.
import { Command, InvalidArgumentError, Option } from 'commander';
import { asCell, cellsOf } from '../../runtime/core/csv.ts';
import { MAX_SEED } from '../../runtime/core/random.ts';
import { FACE_DEFAULTS, FACE_GRID_PX, FACE_LABELS } from './dataset/dicebearFaces.ts';
import type { DrawCommandOptions, RelabelCommandOptions } from './dataset/makeDataset.ts';
import type { Group } from './dataset/regroup.ts';
import { SURFACE_DEFAULTS, SURFACE_LABELS } from './dataset/surfaces/drawSurfaces.ts';
import { WALKER_DEFAULTS, WALKER_GRID, WALKER_LABELS } from './dataset/walkers/drawWalkers.ts';
import { wholeNumber } from './optionParsers.ts';

const MAX_COUNT = 20_000;
const MAX_SIZE_PX = 256;

const work = () => import('./dataset/makeDataset.ts');

/** The command `figment dataset`. */
export function datasetCommand(): Command {
  return new Command('dataset')
    .description('make a data set to train on')
    .addCommand(dicebearCommand())
    .addCommand(surfacesCommand())
    .addCommand(walkersCommand())
    .addCommand(relabelCommand());
}

function dicebearCommand(): Command {
  return new Command('dicebear')
    .description(`draw labelled pixel faces with DiceBear (${FACE_LABELS.join(', ')})`)
    .requiredOption('--out <dir>', 'folder to write dataset.json and the sheets to; new or empty')
    .addOption(numberOption('--count <n>', 'faces of each label', FACE_DEFAULTS.count, wholeNumber(1, MAX_COUNT)))
    .addOption(
      numberOption('--size <px>', 'width and height, a multiple of 16', FACE_DEFAULTS.sizePx, multipleOf(FACE_GRID_PX)),
    )
    .addOption(numberOption('--seed <n>', 'other faces for another seed', FACE_DEFAULTS.seed, wholeNumber(0, MAX_SEED)))
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(async (options: DrawCommandOptions) => (await work()).makeFaces(options));
}

function numberOption(flags: string, text: string, preset: number, parse: (text: string) => number): Option {
  return new Option(flags, text).default(preset).argParser(parse);
}

/** Parser of a size on a grid. */
function multipleOf(gridPx: number): (text: string) => number {
  return (text) => {
    const size = wholeNumber(gridPx, MAX_SIZE_PX)(text);
    if (size % gridPx === 0) return size;
    throw new InvalidArgumentError(`expected a multiple of ${gridPx}, so that pixels stay square.`);
  };
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
    .option('--maps', 'unlit, with height, roughness and metal, a metal too, and worn more or less (wear, 0 to 1)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(async (options: DrawCommandOptions) => (await work()).makeSurfaces(options));
}

function walkersCommand(): Command {
  const size = multipleOf(WALKER_GRID.widthPx);
  return new Command('walkers')
    .description(`draw labelled figures that walk, in frames (${WALKER_LABELS.join(', ')})`)
    .requiredOption('--out <dir>', 'folder to write dataset.json and the sheets to; new or empty')
    .addOption(numberOption('--count <n>', 'figures of each label', WALKER_DEFAULTS.count, wholeNumber(1, MAX_COUNT)))
    .addOption(numberOption('--size <px>', 'width of a frame, a multiple of 16', WALKER_DEFAULTS.sizePx, size))
    .addOption(
      numberOption('--seed <n>', 'other figures for another seed', WALKER_DEFAULTS.seed, wholeNumber(0, MAX_SEED)),
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(async (options: DrawCommandOptions) => (await work()).makeWalkers(options));
}

const RELABEL_DETAILS = `
The CSV has a line for each picture: its label, its place among those of that label (tile, from 0), and what is to be known.
A group is a new label and the values it stands for, * for all others; what no group names is left out.

Example:
  figment dataset relabel --data portraits64 --attributes portraits64/attributes.csv --column eyewear \\
      --group bare=none --group 'glasses=*' --matched --out eyewear`;

function relabelCommand(): Command {
  return new Command('relabel')
    .description('give the pictures of a data set new labels, by a column of a CSV file: for classifiers')
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
    .action(async (options: RelabelCommandOptions) => (await work()).relabelPictures(options));
}

/** Parser of `--group`. */
function addGroup(text: string, before: Group[] = []): Group[] {
  const [name = '', values, ...rest] = text.split('=');
  const label = asCell(name); // as it is read again
  if (!label || !values || rest.length > 0) throw new InvalidArgumentError('expected label=value,value or label=*.');
  if (/\p{Cc}/u.test(label)) throw new InvalidArgumentError('expected a label without control characters.');
  const group = { label, values: cellsOf(values) };
  if (before.some((other) => other.label === label)) {
    throw new InvalidArgumentError(`"${label}" is there already; give it all of its values at once.`);
  }
  const shared = group.values.find((value) => before.some((other) => other.values.includes(value)));
  if (shared !== undefined) throw new InvalidArgumentError(`"${shared}" is in another group already.`);
  return [...before, group];
}
