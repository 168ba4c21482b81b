// The list of a site's files, by which its service worker knows what a visitor has already.
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SiteOptions } from '../node/serveSite.ts';
import { contentHash } from '../node/siteCaching.ts';

/** The path of the list of files on every site. */
export const SITE_LIST = '/site.json';

/** The site with a list of its files beside them: address, without the slash at its beginning → hash of the content. */
export function withSiteList(site: SiteOptions): SiteOptions {
  return { ...site, files: { ...site.files, [SITE_LIST]: async () => JSON.stringify(await listOf(site)) } };
}

async function listOf({ files = {}, folders = {} }: SiteOptions): Promise<Record<string, string>> {
  const list = new Map<string, string>();
  for (const [address, folder] of Object.entries(folders)) {
    for (const name of filesBelow(folder)) list.set(address + name, await hashOnDisk(path.join(folder, name)));
  }
  for (const [address, file] of Object.entries(files)) {
    if (address !== SITE_LIST) list.set(address, contentHash(typeof file === 'function' ? await file() : file));
  }
  return Object.fromEntries(Array.from(list, ([address, hash]) => [address.slice(1), hash]));
}

/** The files of a folder at any depth; there are none where the folder does not exist. */
function filesBelow(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return entries.map(({ parentPath, name }) =>
      path.relative(folder, path.join(parentPath, name)).replaceAll(path.sep, '/'),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Hashes of files that have not changed since, by path, size and time. */
const known = new Map<string, string>();

async function hashOnDisk(file: string): Promise<string> {
  const { size, mtimeMs } = statSync(file);
  const key = `${file} ${size} ${mtimeMs}`;
  const hash = known.get(key) ?? contentHash(await readFile(file));
  known.set(key, hash);
  return hash;
}
