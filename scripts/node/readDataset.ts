import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  type Dataset,
  type DatasetSource,
  type DatasetSplit,
  framesOf,
  maxBytesOf,
  openDataset,
  selectLabels,
  shrink,
  singleFrames,
  splitHeldOut,
} from '../../runtime/index.ts';
import { decodePng, roomFor } from './png.ts';
import { rangeAsUsageError, UsageError } from './usageError.ts';

/** A data set's files in a folder on disk. */
function diskDatasetSource(dir: string): DatasetSource {
  return {
    name: basename(resolve(dir)),
    list: async (path) => {
      const entries = await readdir(join(dir, path), { withFileTypes: true });
      return Promise.all(
        entries.map(async (entry) => ((await isFolder(join(dir, path), entry)) ? `${entry.name}/` : entry.name)),
      );
    },
    read: (path) => readWhole(join(dir, path), maxBytesOf(path, MAX_FILE_BYTES)),
  };
}

/** The largest file that is read, in bytes; of JSON less. No sheet and no table is larger, and to read one that is would take all memory. */
const MAX_FILE_BYTES = 2 ** 29;

/** Reads a file, but neither a pipe, which may never end or begin, nor a device. */
async function readWhole(file: string, maxBytes: number): Promise<Uint8Array> {
  const found = await stat(file);
  if (!found.isFile()) throw new Error('it is a folder, pipe or device; expected a file');
  if (found.size <= maxBytes) return readFile(file);
  throw new Error(`it has ${found.size} bytes; expected at most ${maxBytes}; split it`);
}

/**
 * Reads a data set from a folder on disk: `dataset.json` with sheets, or a folder of PNG files for each class.
 *
 * @param option the option that names the folder, for the message when there is none
 * @throws       DatasetError with every problem at once; UsageError when the folder does not exist
 */
export async function readDataset(dir: string, option = '--data'): Promise<Dataset> {
  const isThere = await stat(dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isThere) {
    throw new UsageError(
      `${option}: ${dir} is no folder; expected one with dataset.json, or with a folder for each class`,
    );
  }
  return openDataset(diskDatasetSource(dir), (bytes, name, numPixels = 0) =>
    decodePng(bytes, name, roomFor(numPixels)),
  );
}

export interface DatasetChoice {
  /** The classes to use; default: all. */
  labels?: readonly string[];
  /** Pixels of a block that become one; default 1. */
  shrink?: number;
}

/** A data set with some of its classes alone, its images smaller. @throws UsageError when that can't be */
export function chooseFrom(dataset: Dataset, { labels, shrink: factor = 1 }: DatasetChoice): Dataset {
  return rangeAsUsageError(() => shrink(labels ? selectLabels(dataset, labels) : dataset, factor));
}

export interface SplitChoice {
  /** Share kept away from training. */
  heldOut: number;
  seed: number;
  /** Attributes of which whole combinations are kept away. */
  holdOutBy?: readonly string[];
}

/** `splitHeldOut` by options. @throws UsageError when the attributes don't allow it */
export function splitFrom(dataset: Dataset, { heldOut, seed, holdOutBy }: SplitChoice): DatasetSplit {
  const ofOption = (message: string) => `--hold-out-by: ${message.replace(/^splitHeldOut: /, '')}`;
  return rangeAsUsageError(() => splitHeldOut(dataset, heldOut, seed, holdOutBy), ofOption);
}

/** Data with every frame as a picture of its own; the frames of a subject stay on one side. */
export function framesAsPictures({ dataset, split }: { dataset: Dataset; split: DatasetSplit }) {
  const { train, heldOut } = split;
  return {
    dataset: singleFrames(dataset),
    split: { train: framesOf(dataset, train), heldOut: framesOf(dataset, heldOut) },
  };
}

/** Links count as what they point to. */
async function isFolder(dir: string, entry: { name: string; isDirectory(): boolean; isSymbolicLink(): boolean }) {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(join(dir, entry.name)).then(
    (target) => target.isDirectory(),
    () => false,
  );
}
