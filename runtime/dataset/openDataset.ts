import type { Dataset } from './dataset.ts';
import { openFolders } from './folder.ts';
import { DATASET_FILE, openSheets } from './sheet.ts';
import type { DatasetSource, DecodePng } from './source.ts';

/**
 * Reads a data set: sheets when the folder has a `dataset.json`, else a folder of PNG files for each class.
 *
 * @param source where the files come from
 * @param decode decodes one PNG; the platform's own or the one of `scripts/node/png.ts`
 * @throws       DatasetError with every problem at once
 */
export async function openDataset(source: DatasetSource, decode: DecodePng): Promise<Dataset> {
  const names = await source.list('');
  return names.includes(DATASET_FILE) ? openSheets(source, decode) : openFolders(source, decode);
}
