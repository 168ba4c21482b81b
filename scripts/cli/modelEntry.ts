// Entries under `figment` in a folder's model_index.json, which commands make: a palette, a probe, regions.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import {
  type FigmentEntry,
  loadModelFolder,
  type ModelFiles,
  type ModelSource,
  parseConfig,
} from '../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { ofWholeModel } from '../node/wholeModel.ts';

/** Writes an entry, or takes it out; all else stays as it is. */
export async function writeModelEntry(folder: string, name: keyof FigmentEntry, value?: object): Promise<void> {
  const file = join(folder, INDEX_FILE);
  const index = changedIndex(await readFile(file), file, name, value);
  await writeFilesAtomic(folder, { [INDEX_FILE]: index });
}

/**
 * Loads a model as though it had no such entry, which may be one that cannot be read: it is to be made again.
 *
 * @throws UsageError where there is no model, or where the entry could not be written once it is made
 */
export async function loadWithoutEntry(folder: string, name: keyof FigmentEntry): Promise<ModelFiles> {
  const source = diskSource(folder);
  const without: ModelSource = {
    ...source,
    read: async (path, options) => {
      const bytes = await source.read(path, options);
      return path === INDEX_FILE ? changedIndex(bytes, join(folder, path), name) : bytes;
    },
  };
  const files = await ofWholeModel(name, folder, loadModelFolder(without, { acceptChanged: true }));
  await makeWritableFolder(folder, { name: `${name}: ${folder}`, remedy: 'name a copy of it that can' });
  return files;
}

function changedIndex(bytes: Uint8Array, file: string, name: keyof FigmentEntry, value?: object): Uint8Array {
  const index = parseConfig(bytes, file);
  if (index.figment === undefined && value === undefined) return Uint8Array.from(bytes);
  const { [name]: _, ...figment } = (index.figment ?? { version: 1 }) as Partial<Record<keyof FigmentEntry, unknown>>;
  return encodeJson({ ...index, figment: { ...figment, ...(value && { [name]: value }) } });
}
