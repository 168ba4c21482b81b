// Files in the way of a bake that no bake has made. A manifest may be lost, so that the files themselves have to tell.
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { isPng } from '../../runtime/core/pngHeader.ts';
import { UsageError } from '../node/usageError.ts';
import { type BakePlan, RECIPE_KEYWORD } from './bakePlan.ts';
import { isKtx2 } from './encodeKtx2.ts';
import type { Manifest } from './manifest.ts';
import { pathKey, placeInside } from './outputPaths.ts';

/**
 * Refuses to write over files that no manifest lists and that do not look as if a bake had made them, such as package.json.
 *
 * @throws UsageError naming the first
 */
export async function refuseForeign(plan: BakePlan, manifest: Manifest): Promise<void> {
  const others = await manifest.pathsOfOthers();
  const listings = new Map<string, Set<string>>(); // to look for each of many files would take long
  for (const path of writtenFiles(plan)) {
    if (manifest.get(path).length > 0 || others.has(path)) continue;
    const folder = dirname(path);
    const names = listings.get(folder) ?? (await namesIn(plan.out, folder));
    listings.set(folder, names);
    if (!names.has(pathKey(basename(path)))) continue;
    const bytes = await placeInside(plan.out, path, true)
      .then((place) => readFile(place))
      .catch(refuseFolder(`bake: ${path}`)); // it is a link that leads out of the folder, which is replaced
    if (bytes === undefined || isBaked(path, bytes)) continue;
    throw new UsageError(
      `bake: ${path} would be written over, but no bake has made it; move it away, or choose another name or output folder`,
    );
  }
}

/** What a page says in its head that a bake has made. */
export const GENERATOR = '<meta name="generator" content="babylon-figment">';

/** Refuses to write a report over a page, or whatever else a file holds, that no bake has made. @throws UsageError */
export async function refuseForeignPage(html: string): Promise<void> {
  const text = await readFile(html, 'utf8').catch(refuseFolder(`report: ${html}`)); // it is not there, or writing it tells what is wrong
  if (text === undefined || text.includes(GENERATOR)) return;
  throw new UsageError(
    `report: ${html} would be written over, but no bake has made it; move it away, or choose another name`,
  );
}

/** Takes an error of reading a file: undefined, unless it is a folder. @throws UsageError */
function refuseFolder(what: string): (error: NodeJS.ErrnoException) => undefined {
  return ({ code }) => {
    if (code === 'EISDIR') throw new UsageError(`${what} is a folder; move it away, or choose another name`);
    return undefined;
  };
}

/** The names in a folder, none where there is no such folder yet. @throws UsageError where a file is in its way */
async function namesIn(out: string, folder: string): Promise<Set<string>> {
  const names = await readdir(join(out, folder)).catch(({ code }: NodeJS.ErrnoException): string[] => {
    if (code !== 'ENOTDIR') return [];
    throw new UsageError(
      `bake: ${folder} is to be a folder, and a file is in its way; move it away, or choose another name or output folder`,
    );
  });
  return new Set(names.map(pathKey));
}

/** The files of a plan but for its manifest, which may be damaged. */
function* writtenFiles({ pictures, sheets, libraries }: BakePlan): Generator<string> {
  for (const { files } of pictures) for (const { path } of files) yield path;
  for (const { image, atlas } of sheets) yield* [image, atlas];
  for (const { path } of libraries) yield path;
}

/** Tells whether a file's content is what a bake writes under a name with this ending. */
function isBaked(path: string, bytes: Buffer): boolean {
  const extension = extname(path).toLowerCase();
  if (extension === '.png' || extension === '.apng') return isPng(bytes) && bytes.includes(`tEXt${RECIPE_KEYWORD}\0`);
  return extension === '.ktx2' ? isKtx2(bytes) && bytes.includes(`${RECIPE_KEYWORD}\0`) : namesFigment(bytes);
}

/** Atlases and libraries say what has made them. */
function namesFigment(bytes: Uint8Array): boolean {
  try {
    const { meta, producer, asset } = JSON.parse(new TextDecoder().decode(bytes));
    return meta?.app === 'figment' || [producer?.name, asset?.generator].includes('babylon-figment');
  } catch {
    return false;
  }
}
