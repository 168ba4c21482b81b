import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, normalize, resolve } from 'node:path';
import { removeAbandonedFiles } from '../node/atomicWrite.ts';
import { UsageError } from '../node/usageError.ts';
import type { BakePlan, Library, PlannedPicture, Sheet } from './bakePlan.ts';
import { sha256 } from './baker.ts';
import { type FileRecord, MANIFEST_NAME, Manifest, type Shard } from './manifest.ts';
import { flawOfPath, pathKey, placeInside } from './outputPaths.ts';
import { ownedFiles } from './planBake.ts';

/** Why a file has to be written: it was never baked, its recipe or model changed, it is gone, or somebody wrote to it. */
export type StaleReason = 'new' | 'changed' | 'missing' | 'altered';

export interface StaleFile {
  path: string;
  reason: StaleReason;
}

export interface StaleWork {
  pictures: PlannedPicture[]; // each with only those of its files that are stale
  sheets: Sheet[];
  libraries: Library[];
  files: StaleFile[];
}

/** Compares a plan with what is on disk; nothing is written. */
export async function findStale(plan: Omit<BakePlan, 'notes'>, manifest: Manifest): Promise<StaleWork> {
  const files: StaleFile[] = [];
  const isStale = async (path: string, key: string) => {
    const reason = await staleReason(plan.out, path, key, manifest);
    if (reason) files.push({ path, reason });
    return reason !== undefined;
  };
  const pictures: PlannedPicture[] = [];
  for (const picture of plan.pictures) {
    const stale = [];
    for (const file of picture.files) if (await isStale(file.path, file.key)) stale.push(file);
    if (stale.length > 0) pictures.push({ ...picture, files: stale });
  }
  const sheets: Sheet[] = [];
  for (const sheet of plan.sheets) {
    const states = [await isStale(sheet.image, sheet.key), await isStale(sheet.atlas, sheet.key)];
    if (states.includes(true)) sheets.push(sheet);
  }
  const libraries: Library[] = [];
  for (const library of plan.libraries) if (await isStale(library.path, library.key)) libraries.push(library);
  return { pictures, sheets, libraries, files };
}

async function staleReason(
  out: string,
  path: string,
  key: string,
  manifest: Manifest,
): Promise<StaleReason | undefined> {
  const records = manifest.get(path);
  if (records.length === 0) return 'new';
  const bytes = await readInside(out, path);
  if (!bytes) return 'missing';
  const ofRecipe = records.filter((record) => record.key === key);
  if (ofRecipe.length === 0) return 'changed';
  const record = recordOf(bytes, ofRecipe);
  if (!record) return 'altered';
  if (records.length > 1) manifest.set(path, record);
  return undefined;
}

/** What a file of the output folder holds; undefined where it cannot be read, or is a link that leads out of the folder. */
async function readInside(out: string, path: string): Promise<Uint8Array | undefined> {
  return placeInside(out, path, true)
    .then((place) => readFile(place))
    .catch(() => undefined);
}

function recordOf(bytes: Uint8Array, records: readonly FileRecord[]): FileRecord | undefined {
  const digest = sha256(bytes);
  return records.find((record) => record.sha256 === digest);
}

/**
 * Opens the manifest of a plan.
 *
 * @throws UsageError while another bake file of the same name writes here: both would forget what the other has made
 */
export async function openManifest({ out, name, origin }: BakePlan, shard?: Shard): Promise<Manifest> {
  const manifest = await Manifest.open(out, name, shard, origin);
  const other = manifest.otherOrigin && resolve(out, manifest.otherOrigin);
  if (!other || !existsSync(other) || (await isSame(other, resolve(out, origin)))) return manifest;
  throw new UsageError(
    `bake: ${other} writes to ${out}, too, and has the same name; rename one of the two, or give it another output folder`,
  );
}

/** Whether two names stand for one file, by links, or where the system does not tell capitals from small letters. */
async function isSame(file: string, other: string): Promise<boolean> {
  if (file === other) return true;
  const [one, two] = await Promise.all([file, other].map((name) => stat(name, { bigint: true }).catch(() => null)));
  return one != null && one.dev === two?.dev && one.ino === two.ino;
}

/**
 * Files of earlier bakes that the bake file no longer asks for, that nobody has written to since, and that no other bake file has
 * taken over. What another bake file of the same name has left is that one's, and is forgotten here.
 */
export async function findOrphans(plan: BakePlan, manifest: Manifest): Promise<string[]> {
  const wanted = new Map(Array.from(ownedFiles(plan), ([path]) => [pathKey(path), path]));
  const takenOver = await manifest.pathsOfOthers();
  const orphans: string[] = [];
  for (const path of manifest.paths()) {
    const alike = wanted.get(pathKey(path));
    if (
      (alike !== undefined && (await isSame(resolve(plan.out, path), resolve(plan.out, alike)))) ||
      flawOfPath(path) !== undefined
    )
      continue;
    if (manifest.otherOrigin !== null) {
      manifest.delete(path);
      continue;
    }
    const bytes = await readInside(plan.out, path);
    if (bytes && recordOf(bytes, manifest.get(path)) && !takenOver.has(path)) orphans.push(path);
    else manifest.delete(path);
  }
  return orphans;
}

/** Removes the temporary files of a bake that was killed while it wrote. */
export async function removeAbandoned(plan: BakePlan): Promise<void> {
  const files = [...ownedFiles(plan)].map(([path]) => normalize(path));
  const owned = new Set(files);
  await removeAbandonedFiles(plan.out, new Set(['', ...files.map((path) => dirname(path))]), (path) => {
    return owned.has(path) || MANIFEST_NAME.test(path);
  });
}
