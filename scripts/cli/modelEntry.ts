import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import { type FigmentEntry, parseConfig } from '../../runtime/index.ts';
import { encodeJson, writeFilesAtomic } from '../node/atomicWrite.ts';

/** Writes an entry under `figment` in a folder's model_index.json, or takes it out; all else stays as it is. */
export async function writeModelEntry(folder: string, name: keyof FigmentEntry, value?: object): Promise<void> {
  const file = join(folder, INDEX_FILE);
  const index = parseConfig(await readFile(file), file);
  const { [name]: _, ...figment } = (index.figment ?? { version: 1 }) as Partial<Record<keyof FigmentEntry, unknown>>;
  const entry = value && { [name]: value };
  await writeFilesAtomic(folder, { [INDEX_FILE]: encodeJson({ ...index, figment: { ...figment, ...entry } }) });
}
