// The models and classifiers that commands know by name: those of this repository, and those of installed packages.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CONFIG_FILE, INDEX_FILE } from '../../runtime/core/fileNames.ts';
import { packageRoot } from './packageRoot.ts';

/** Folders with this file in them are known by their names. */
const INDEX_FILES = { models: INDEX_FILE, classifiers: CONFIG_FILE } as const;

export type Kind = keyof typeof INDEX_FILES;

/** Packages of models are called so, and then by the model's name. */
export const PACKAGE_PREFIX = 'babylon-figment-';

/**
 * The folders of one kind, by name. Packages are looked for as Node does, from the folder of a project, from that where the command
 * runs and from where it is installed: the nearest of a name counts.
 *
 * @param own     holds folders that need no package; default: those below `assets`
 * @param project whose packages go before others; default: the folder where the command runs
 */
export function shippedFolders(
  kind: Kind,
  own = join(packageRoot(), 'assets', kind),
  project = process.cwd(),
): Map<string, string> {
  const found = namesIn(own, kind).map((name): [string, string] => [name, join(own, name)]);
  if (kind === 'classifiers') return new Map(found);
  const packages = [resolve(project), process.cwd(), packageRoot()].flatMap(ancestors).flatMap((folder) => {
    const modules = join(folder, 'node_modules');
    const names = namesIn(modules, kind, PACKAGE_PREFIX);
    return names.map((name): [string, string] => [name.slice(PACKAGE_PREFIX.length), join(modules, name)]);
  });
  return new Map([...packages.reverse(), ...found]);
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function namesIn(folder: string, kind: Kind, prefix = ''): string[] {
  if (!isFolder(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
  return names.filter((name) => existsSync(join(folder, name, INDEX_FILES[kind])));
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // such as a name that no file can have
  }
}
