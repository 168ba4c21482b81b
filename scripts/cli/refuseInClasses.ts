// A data set may have a folder for each class. Whatever else is written into it is taken for a class or a stray picture, and
// the data set can no longer be read, not even to go on with the training that has written there.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { DATASET_FILE } from '../../runtime/core/fileNames.ts';
import { UsageError } from '../node/usageError.ts';

/** @throws UsageError when `out` is a data set of class folders, or lies in one; hidden folders are passed over there */
export async function refuseInClasses(command: string, out: string, data: string): Promise<void> {
  const inside = relative(resolve(data), resolve(out));
  if (inside.startsWith('.') || isAbsolute(inside) || !existsSync(data) || (await hasSheets(data))) return;
  throw new UsageError(
    `${command}: --out ${out} is in the data set ${data}, where every folder is a class; choose another --out`,
  );
}

/** Sheets are listed, so that other files beside them do no harm. */
async function hasSheets(data: string): Promise<boolean> {
  try {
    return 'classes' in JSON.parse(await readFile(join(data, DATASET_FILE), 'utf8'));
  } catch {
    return false; // there is none, or reading the data set tells what is wrong with it
  }
}
