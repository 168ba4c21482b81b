// Names of files below the output folder. Labels come from a model's file, which cannot be trusted.
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { nearestWord } from '../../runtime/core/nearestWord.ts';
import { flawOfName } from '../node/flawOfName.ts';
import { UsageError } from '../node/usageError.ts';

/** Values of the placeholders in a path, by name. */
export type Placeholders = Readonly<Record<string, string | number>>;

const MAX_SHOWN_LENGTH = 150;

/**
 * Fills the placeholders of a path below the output folder.
 *
 * @returns the path with `/` between folders, or what is wrong with it
 */
export function expandPath(template: string, values: Placeholders): { path: string } | { problem: string } {
  let problem: string | undefined;
  const path = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    if (!Object.hasOwn(values, name)) {
      const names = Object.keys(values);
      const known = names.map((placeholder) => `{${placeholder}}`);
      const guess = `did you mean {${nearestWord(names, name)}}?`;
      problem ??= `{${name}} is unknown; ${guess} the placeholders here are ${known.join(' ')}`;
      return '';
    }
    const value = String(values[name]);
    const flaw = flawOfName(value);
    if (flaw) problem ??= `the ${name} ${JSON.stringify(value.slice(0, MAX_SHOWN_LENGTH))} cannot name a file: ${flaw}`;
    return value;
  });
  problem ??= flawOfPath(path);
  return problem === undefined ? { path } : { problem };
}

/** What is wrong with a path that has to stay below a folder, on every system; undefined when nothing is. */
export function flawOfPath(path: string): string | undefined {
  if (/[{}]/.test(path)) return 'a brace is left over; placeholders look like {label}';
  for (const name of path.split('/')) {
    const flaw = flawOfName(name);
    if (flaw)
      return `${JSON.stringify(path.slice(0, 2 * MAX_SHOWN_LENGTH))} cannot name a file below the output folder: ${flaw}`;
  }
  return undefined;
}

/** The same for two paths that name one file on some system: Windows and macOS ignore case. */
export function pathKey(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** The placeholders of a path that differ from one picture of an asset to the next, as an error lists them. */
const PLACES = '{map}, {label}, {seed} or an attribute';

/** What is wrong when two of these paths name the same file, or one names a folder of the other; each comes with its owner. */
export function findCollision(files: Iterable<[path: string, owner: string]>): string | undefined {
  const owners = new Map<string, string>();
  for (const [path, owner] of files) {
    const other = owners.get(pathKey(path));
    if (other === owner) return `${path} would be written for several pictures of ${owner}; name ${PLACES} in its path`;
    if (other !== undefined) {
      return `${path} would be written twice, by ${other} and by ${owner}; name ${PLACES} in the path, or give the assets other names`;
    }
    owners.set(pathKey(path), owner);
  }
  for (const [key, owner] of owners) {
    for (let folder = dirname(key); folder !== '.'; folder = dirname(folder)) {
      const other = owners.get(folder);
      if (other !== undefined) return `${folder} would be a file of ${other} and a folder of ${owner}; rename one`;
    }
  }
  return undefined;
}

/**
 * What is wrong when a file that is read would be written over.
 *
 * @param files to write, below the folder; each comes with its owner
 * @param read  files on disk, absolute
 */
export async function findOverwritten(
  folder: string,
  files: Iterable<[path: string, owner: string]>,
  read: readonly string[],
): Promise<string | undefined> {
  const keys = new Set<string>();
  for (const file of read) {
    const real = await Promise.all([folder, file].map((path) => realpath(path).catch(() => path)));
    for (const [from, to] of [[folder, file], real]) keys.add(pathKey(relative(from!, to!).replaceAll('\\', '/')));
  }
  for (const [path, owner] of files) {
    if (!keys.has(pathKey(path))) continue;
    return `${path} is read by this bake and would be written over by ${owner}; choose another name or output folder`;
  }
  return undefined;
}

/**
 * The place of a file below a folder, after making sure that no symbolic link on the way leads out of it.
 *
 * @param isFollowed whether the path itself is followed where it is a link, as when it is read; writing replaces the link
 * @throws           UsageError when one does
 */
export async function placeInside(folder: string, path: string, isFollowed = false): Promise<string> {
  const place = join(folder, path);
  for (let above = isFollowed ? place : dirname(place); above.length > folder.length; above = dirname(above)) {
    const real = await realpath(above).catch(() => undefined);
    if (real === undefined) continue; // not there yet
    const inside = relative(await realpath(folder), real);
    if (inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)) break;
    throw new UsageError(`bake: ${path} would leave its folder by the link ${above}; remove the link`);
  }
  return place;
}
