import { Buffer } from 'node:buffer';
import {
  ATTRIBUTES_FILE,
  composeSheet,
  DATASET_FILE,
  type Dataset,
  MATERIAL_CHANNELS,
  type SheetDescription,
  takeChannels,
  writeAttributes,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from './atomicWrite.ts';
import { flawOfName } from './flawOfName.ts';
import { encodePng } from './png.ts';

const MAX_COLUMNS = 40;

/**
 * Writes a data set as `dataset.json`, one PNG sheet for each class (of materials a second one with the maps) and, where it
 * has attributes, `attributes.csv`; nothing is in place before all is on disk, and `dataset.json` comes last.
 *
 * @param dir         made if need be
 * @param description one line for whoever opens `dataset.json`
 */
export async function writeDataset(dir: string, dataset: Dataset, description: string): Promise<void> {
  const { name, widthPx, heightPx, channels, licence, attribution, attributes, frames } = dataset;
  const tiles = tilesByClass(dataset);
  const hasMaps = channels === MATERIAL_CHANNELS;
  const columns = frames?.length ?? Math.min(MAX_COLUMNS, ...tiles.map((part) => part.length));
  const stems = stemsOf(dataset.labels);
  const classes = dataset.labels.map((label, index) => ({
    label,
    file: `${stems[index]}.png`,
    ...(hasMaps && { maps: `${stems[index]}_hrm.png` }),
    count: tiles[index]!.length,
  }));
  const size = { tileWidth: widthPx, tileHeight: heightPx, columns, channels: hasMaps ? 3 : channels };
  const table = attributes?.length ? writeAttributes(dataset, attributes) : null;
  const known = {
    ...(table && { attributes: table.description }),
    ...(frames && { frames: [...frames], tilesPerCharacter: frames.length }),
  };
  const json: SheetDescription = { name, description, ...size, licence, attribution, classes, ...known };
  const files: Record<string, Uint8Array> = {};
  const sheetOf = (part: Uint8Array[]) => encodePng(composeSheet(part, columns, widthPx, heightPx));
  for (const [index, { file, maps }] of classes.entries()) {
    const taken = (first: number) => tiles[index]!.map((tile) => takeChannels(tile, MATERIAL_CHANNELS, first));
    files[file] = sheetOf(hasMaps ? taken(0) : tiles[index]!);
    if (maps) files[maps] = sheetOf(taken(3));
  }
  if (table) files[ATTRIBUTES_FILE] = Buffer.from(table.csv);
  files[DATASET_FILE] = Buffer.from(`${JSON.stringify(json, null, 1)}\n`);
  await writeFilesAtomic(dir, files);
}

function tilesByClass({ images, classLabels, labels, widthPx, heightPx, channels, frames }: Dataset): Uint8Array[][] {
  const length = widthPx * heightPx * channels;
  const numFrames = frames?.length ?? 1;
  const tiles: Uint8Array[][] = labels.map(() => []);
  classLabels.forEach((label, i) => {
    for (let tile = i * numFrames; tile < (i + 1) * numFrames; tile++) {
      tiles[label]!.push(images.subarray(tile * length, (tile + 1) * length));
    }
  });
  const empty = tiles.findIndex((part) => part.length === 0);
  if (empty >= 0) throw new RangeError(`writeDataset: class "${labels[empty]}" is empty; expected at least one image`);
  return tiles;
}

/**
 * What the files of each label are called: as the label where that makes a file of its own on every system, some of which
 * ignore case.
 */
function stemsOf(labels: readonly string[]): string[] {
  const small = labels.map((label) => label.toLowerCase());
  return labels.map((label, i) => {
    const isPlain = /^[\w-]+$/.test(label) && !/^class_\d+|_hrm$/i.test(label) && flawOfName(label) === undefined;
    return isPlain && small.indexOf(small[i]!) === i ? label : `class_${i}`;
  });
}
