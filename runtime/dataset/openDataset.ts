import { DATASET_FILE } from '../core/fileNames.ts';
import type { Dataset } from './dataset.ts';
import { readDatasetFile } from './datasetFile.ts';
import { openFolders } from './folders.ts';
import { openSheets } from './sheet.ts';
import type { DatasetSource, DecodePng } from './source.ts';

/**
 * Reads a data set: sheets where its `dataset.json` tells of them, else a folder of PNG files for each class.
 *
 * @param source where the files come from
 * @param decode decodes one PNG; the platform's own or the one of `scripts/node/png.ts`
 * @throws       DatasetError with every problem at once
 */
export async function openDataset(source: DatasetSource, decode: DecodePng): Promise<Dataset> {
  const names = await source.list('');
  if (!names.includes(DATASET_FILE)) return openFolders(source, decode);
  const json = await readDatasetFile(source);
  return tellsOfSheets(json) ? openSheets(source, decode, json) : openFolders(source, decode, json);
}

/** Entries that sheets have, and class folders do not. */
const OF_SHEETS = ['classes', 'tileWidth', 'tileHeight', 'columns'];

const tellsOfSheets = (json: unknown) =>
  !(json instanceof Object) || Array.isArray(json) || OF_SHEETS.some((entry) => Object.hasOwn(json, entry));
