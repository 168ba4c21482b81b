import { join, resolve } from 'node:path';
import { CONFIG_FILE, INDEX_FILE, WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import { fetchedFiles } from '../node/fetchedFiles.ts';
import { shippedClassifierFolder, shippedModelFolder } from '../node/openModel.ts';
import type { BakeSource } from './readBakeFile.ts';
import { withDefaults } from './withDefaults.ts';

/** The files on disk that a bake file names, whether they are there or not: pictures, masks, and those of models. */
export function namedFiles({ description, folder }: BakeSource): string[] {
  const assets = description.assets.map((asset) => withDefaults(asset, description.defaults ?? {}));
  const pictures = assets.flatMap(({ image, mask }) => [image ?? [], mask ?? []].flat());
  const models = namesOnDisk(assets.map(({ model }) => model)).flatMap((name) =>
    filesOfModel(shippedModelFolder(name, folder) ?? resolve(folder, name)),
  );
  const classifiers = namesOnDisk(assets.map(({ classifier }) => classifier)).flatMap((name) =>
    CLASSIFIER_FILES.map((file) => join(shippedClassifierFolder(name) ?? resolve(folder, name), file)),
  );
  return [...new Set(pictures.map((path) => resolve(folder, path))), ...models, ...classifiers];
}

/** The names of folders on disk, each once; addresses on the web are left out. */
function namesOnDisk(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.flatMap((name) => name ?? []))].filter((name) => !/^https?:/i.test(name));
}

const CLASSIFIER_FILES = [CONFIG_FILE, WEIGHTS_FILE];

/** The files of a model folder. Where its index cannot be read, the index alone: it is written last. */
function filesOfModel(folder: string): string[] {
  try {
    return fetchedFiles(folder).map((file) => join(folder, file));
  } catch {
    return [join(folder, INDEX_FILE)];
  }
}
