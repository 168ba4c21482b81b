import { evenlySpread } from '../../runtime/core/evenlySpread.ts';
import { INSIDE, type Regions } from '../../runtime/core/regions.ts';
import { type AttributeColumn, isWords, selectColumns } from '../../runtime/index.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { attributeRegions } from './attributeRegions.ts';
import { autoencoderOf, dataLatents } from './dataLatents.ts';
import { readKnownData } from './dataOfModel.ts';
import { loadWithoutEntry, writeModelEntry } from './modelEntry.ts';
import type { DataOfModelCommandOptions } from './optionParsers.ts';

export interface RegionsCommandOptions extends DataOfModelCommandOptions {
  attributes?: string[];
  share: number;
}

/** So many images tell where attributes show; more tell hardly more. */
const MAX_IMAGES = 8192;

/** A region of more of the picture keeps too little to be worth a second picture. */
const MAX_COVERED = 0.75;

/** The work of `figment regions`. */
export async function giveRegions(folder: string, command: RegionsCommandOptions): Promise<void> {
  const files = await loadWithoutEntry(folder, 'regions');
  if (command.data === undefined) {
    await writeModelEntry(folder, 'regions');
    return console.log(`regions: ${folder} has none now`);
  }
  const asked = namesAsked(command);
  const vaeConfig = autoencoderOf(files, { operation: 'regions', folder, use: 'regions are of latents' });
  const choice = { ...command, data: command.data, seed: command.splitSeed };
  const { dataset, split } = await readKnownData('regions', files, choice);
  const columns = dataset.attributes ?? [];
  const named = columnsNamed(columns, asked);
  const { release } = await openNodeBackend('wasm');
  try {
    const indices = Int32Array.from(evenlySpread(split.train, Math.min(split.train.length, MAX_IMAGES)));
    const latents = await dataLatents(dataset, indices, files, vaeConfig);
    const sizes = columns.map((column) => (isWords(column) ? column.values.length : 0));
    const found = attributeRegions(latents, sizes, command.share);
    const regions = usefulRegions(columns.flatMap(({ name }, i) => (named.includes(name) ? [[name, found[i]!]] : [])));
    await writeModelEntry(folder, 'regions', regions);
    console.log(
      `regions: of ${Object.keys(regions).length} attributes by ${indices.length} images, written to ${folder}`,
    );
  } finally {
    release();
  }
}

/** @throws UsageError when no names are given */
function namesAsked({ attributes }: RegionsCommandOptions): string[] {
  if (attributes) return attributes;
  throw new UsageError(
    'regions: --attributes is missing; name those that show in the same part of all pictures, such as expression',
  );
}

/** The names that are asked for, of columns that are there. @throws UsageError when one is unknown or a number */
function columnsNamed(columns: readonly AttributeColumn[], names: readonly string[]): string[] {
  const chosen = rangeAsUsageError(() => selectColumns(columns, names), '--attributes');
  const number = chosen.find((column) => !isWords(column));
  if (!number) return chosen.map(({ name }) => name);
  throw new UsageError(`regions: --attributes: ${number.name} is a number, and regions are of words; leave it out`);
}

/** Prints all regions, and gives those of a part of the picture. @throws UsageError when there is none */
function usefulRegions(regions: readonly (readonly [name: string, rows: string[]])[]): Regions {
  const useful = regions.filter(([name, rows]) => {
    const cells = rows.join('');
    const covered = [...cells].filter((cell) => cell === INSIDE).length / cells.length;
    if (covered > 0 && covered <= MAX_COVERED) {
      console.log([`regions: ${name} shows in`, ...rows].join('\n'));
      return true;
    }
    console.log(`regions: ${name} shows ${covered > 0 ? 'nearly everywhere' : 'nowhere'} and has none`);
    return false;
  });
  if (useful.length > 0) return Object.fromEntries(useful);
  throw new UsageError('regions: no attribute shows in a part of the pictures; give another --share, or do without');
}
