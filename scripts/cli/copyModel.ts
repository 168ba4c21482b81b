import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CONFIG_FILE, WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import { MissingFileError } from '../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { CREDITS_FILE, fetchedFiles } from '../node/fetchedFiles.ts';
import { missing } from '../node/openModel.ts';
import { shippedFolders } from '../node/shippedFolders.ts';
import { UsageError } from '../node/usageError.ts';
import { isWholeModel } from '../node/wholeModel.ts';

/** Prints the models and classifiers that commands know by name, and where they are. */
export function listModels(): void {
  for (const kind of ['models', 'classifiers'] as const) {
    for (const [name, folder] of shippedFolders(kind))
      console.log(`${kind.slice(0, -1).padEnd(12)}${name.padEnd(20)}${folder}`);
  }
}

/**
 * Copies models or classifiers; where one of them is not installed, none is copied.
 *
 * @param places their names or folders, and at last the folder to copy to
 * @throws       UsageError when no folder is named, when two would be copied to one place, or naming the nearest model when there
 *               is none of a name
 */
export async function copyModels(places: readonly string[]): Promise<void> {
  const [names, folder] = [places.slice(0, -1), places.at(-1)!];
  if (names.length === 0) {
    throw new UsageError(`models copy: ${folder} is the only argument; name models, and at last the folder to copy to`);
  }
  if (
    !existsSync(folder) &&
    [...shippedFolders('models').keys(), ...shippedFolders('classifiers').keys()].includes(folder)
  ) {
    throw new UsageError(`models copy: ${folder} is a model; name at last the folder to copy to`);
  }
  const found = names.map(located);
  checkApart(found, folder);
  for (const model of found) await copyModel(model, folder);
}

/** @throws UsageError where one copy would be written over another, on some systems also by a name that differs in case */
function checkApart(models: readonly Pick<Located, 'name' | 'from'>[], folder: string): void {
  const byName = new Map<string, string>();
  for (const { name, from } of models) {
    const other = byName.get(name.toLowerCase());
    if (other !== undefined) {
      throw new UsageError(
        `models copy: ${other} and ${from} would both be copied to ${join(folder, name)}; rename one, or copy them to two folders`,
      );
    }
    byName.set(name.toLowerCase(), from);
  }
}

type Located = ReturnType<typeof located>;

/**
 * Copies the files that pages fetch, and the credits that their licences ask for; what only an earlier copy of the name had goes, since
 * a model of pixels would be read with its auto-encoder. Links that lead out of the model are refused.
 */
async function copyModel({ name, from, fetched }: Located, folder: string): Promise<void> {
  const source = diskSource(from);
  const credits = await source.read(CREDITS_FILE).then(
    (bytes) => [[CREDITS_FILE, bytes] as const],
    (error) => {
      if (error instanceof MissingFileError) return [];
      throw error;
    },
  );
  const files = await Promise.all([...fetched].reverse().map(async (file) => [file, await source.read(file)] as const));
  await makeWritableFolder(folder, { name: `models copy: ${folder}` });
  const place = join(folder, name);
  const before = filesOfCopy(place);
  await writeFilesAtomic(place, Object.fromEntries([...credits, ...files])); // model_index.json comes last
  for (const file of before) if (!fetched.includes(file)) await rm(join(place, file), { force: true });
  console.log(`models: ${name} is in ${place}`);
}

/** What an earlier copy consists of; nothing where there is none that can be read. */
function filesOfCopy(place: string): string[] {
  try {
    return fetchedFiles(place);
  } catch {
    return [];
  }
}

/** Where a model or classifier is, by the name of an installed one or by its folder, and which of its files pages fetch. */
function located(name: string) {
  const models = shippedFolders('models');
  const classifiers = shippedFolders('classifiers');
  const from = models.get(name) ?? classifiers.get(name) ?? name;
  const own = { name: basename(resolve(name)), from };
  if (isWholeModel(from)) return { ...own, fetched: fetchedFiles(from) };
  if (CLASSIFIER_FILES.every((file) => existsSync(join(from, file)))) return { ...own, fetched: CLASSIFIER_FILES };
  throw new UsageError(missing(name, 'models', [...models.keys(), ...classifiers.keys()]));
}

const CLASSIFIER_FILES = [CONFIG_FILE, WEIGHTS_FILE];
