import { readFile, rm, rmdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { type BackendName, composeAtlas, footPivot, type Pivot, type SheetTile } from '../../runtime/index.ts';
import { makeWritableFolder } from '../node/atomicWrite.ts';
import { InterruptError } from '../node/interrupt.ts';
import { packageVersion } from '../node/packageRoot.ts';
import { decodePng, encodePng, type PngImage, roomFor } from '../node/png.ts';
import { UsageError } from '../node/usageError.ts';
import { type BakePlan, type PlannedPicture, RECIPE_KEYWORD, type Sheet } from './bakePlan.ts';
import { type BakeEngine, sha256, writeOutput } from './baker.ts';
import { type BakeTeam, openTeam } from './bakeTeam.ts';
import { makeBatches, takeShard } from './batches.ts';
import { refuseForeign } from './foreignFiles.ts';
import { type FileRecord, Manifest, type Shard } from './manifest.ts';
import { placeInside } from './outputPaths.ts';
import { findOrphans, findStale, openManifest, removeAbandoned, type StaleWork } from './staleFiles.ts';
import { writeLibrary } from './writeLibrary.ts';

export interface RunOptions {
  /** Pictures of 32 × 32 pixels computed at once; of larger ones fewer. The pictures do not depend on it. Default: 16. */
  batch?: number;
  /** How many bake at the same time, in threads on the CPU; 1 uses the GPU where there is one. Default: 1. */
  jobs?: number;
  /** Default: the fastest here. */
  backend?: BackendName;
  /** What computes the networks of diffusion models. Default: TensorFlow.js; `onnx` needs the package onnxruntime-node. */
  engine?: BakeEngine;
  /** Bake only this part of the whole. */
  shard?: Shard;
  /** Bake everything, whatever the manifest says. */
  force?: boolean;
  /** Remove what earlier bakes made and the bake file no longer asks for. */
  prune?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: BakeProgress) => void;
}

export interface BakeProgress {
  /** Finished pictures, and the finished shares of those being made. */
  numDone: number;
  numPictures: number;
}

export interface BakeResult {
  /** Output folder, absolute. */
  out: string;
  /** Paths of the files written, below the output folder. */
  written: string[];
  /** Pictures baked now, and pictures that were as they should be. */
  numBaked: number;
  numFresh: number;
  numSheets: number; // written now
  /** Files that the bake file no longer asks for; removed if `prune` was set. */
  orphans: string[];
  /** Time spent on computing, without writing, added up over the jobs. */
  durationMs: number;
  /** What the owners of the models should know, such as that a scheduler is none of ours; a sentence each. */
  notes: string[];
  /** Where the model ran, and why; null when there was nothing to compute. */
  backend: { name: string; reason: string } | null;
}

const DEFAULT_BATCH = 16;

/**
 * Makes whatever of a plan is stale.
 *
 * @param keepsManifest false bakes everything and leaves no manifest behind
 * @throws InterruptError when aborted: the files that are there are whole, and the manifest knows them
 */
export async function runPlan(whole: BakePlan, options: RunOptions, keepsManifest = true): Promise<BakeResult> {
  const { shard, force = false, signal } = options;
  checkOptions(options);
  await makeWritableFolder(whole.out);
  await checkPlaces(whole);
  await removeAbandoned(whole);
  const plan = shard ? takeShard(whole, shard) : whole;
  const manifest = await (keepsManifest ? openManifest(plan, shard) : Manifest.open(plan.out, plan.name, shard));
  await refuseForeign(plan, manifest);
  const stale: StaleWork = force || !keepsManifest ? { ...plan, files: [] } : await findStale(plan, manifest);
  const result = newResult(plan, stale);
  try {
    await bakePictures(plan, stale.pictures, manifest, keepsManifest, options, result);
    await finish(plan, stale, manifest, result, signal);
    if (keepsManifest && !shard) result.orphans = await tidyUp(plan, manifest, options.prune ?? false);
  } catch (error) {
    if (!signal?.aborted) throw error;
    const count = `${result.numBaked} image${result.numBaked === 1 ? '' : 's'} of ${stale.pictures.length}`;
    throw InterruptError.after(signal.reason, `bake: interrupted; ${count} in ${plan.out}`);
  } finally {
    if (keepsManifest) await manifest.save();
  }
  return result;
}

/** What the command's parsers check, of scripts. @throws UsageError */
function checkOptions({ batch = DEFAULT_BATCH, jobs = 1, engine = 'tfjs' }: RunOptions): void {
  for (const [name, value] of Object.entries({ batch, jobs })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new UsageError(`bake: ${name} is ${value}; expected a whole number from 1`);
    }
  }
  if (engine !== 'tfjs' && engine !== 'onnx') throw new UsageError(`bake: engine is ${engine}; expected tfjs or onnx`);
}

/** Refuses links that lead out of the folder, before anything is baked. */
async function checkPlaces({ out, pictures, sheets, libraries }: BakePlan): Promise<void> {
  const paths = [
    ...pictures.flatMap(({ files }) => files.map(({ path }) => path)),
    ...sheets.flatMap(({ image, atlas }) => [image, atlas]),
    ...libraries.map(({ path }) => path),
  ];
  const folders = new Map(paths.map((path) => [path.slice(0, path.lastIndexOf('/') + 1), path]));
  for (const path of folders.values()) await placeInside(out, path);
}

function newResult({ out, pictures, notes }: BakePlan, stale: StaleWork): BakeResult {
  const numFresh = pictures.length - stale.pictures.length;
  const nothing = { written: [], numBaked: 0, numSheets: 0, orphans: [], durationMs: 0, backend: null };
  return { out, numFresh, notes, ...nothing };
}

async function bakePictures(
  { out }: BakePlan,
  pictures: PlannedPicture[],
  manifest: Manifest,
  keepsManifest: boolean,
  options: RunOptions,
  result: BakeResult,
): Promise<void> {
  if (pictures.length === 0) return;
  const { batch = DEFAULT_BATCH, jobs = 1, backend, engine, signal, onProgress } = options;
  const queue = makeBatches(pictures, batch, jobs);
  const team = await openTeam(Math.min(jobs, queue.length), backend, engine);
  result.backend = { name: team.backend, reason: team.reason };
  const shares = new Map<number, number>();
  const report = () => {
    const atWork = [...shares.values()].reduce((sum, share) => sum + share, 0);
    onProgress?.({ numDone: result.numBaked + atWork, numPictures: pictures.length });
  };
  try {
    await everyMember(team, async (member, i) => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        signal?.throwIfAborted();
        const { length } = next;
        const onStep = (share: number) => {
          shares.set(i, share * length);
          report();
        };
        const baked = await member
          .bake({ out, pictures: next }, { ...(signal ? { signal } : {}), onStep })
          .catch((error) => {
            queue.length = 0; // the others finish their current batch
            throw error;
          });
        for (const [path, record] of baked.files) manifest.set(path, record);
        result.written.push(...baked.files.map(([path]) => path));
        result.durationMs += baked.durationMs;
        result.numBaked += length;
        shares.delete(i);
        report();
        if (keepsManifest) await manifest.saveSometimes();
      }
    });
  } finally {
    await team.dispose();
  }
}

/** Waits until all members have finished, even when one fails; then throws the first failure. */
async function everyMember(
  { members }: BakeTeam,
  work: (member: BakeTeam['members'][number], index: number) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(members.map(work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Writes sheets and libraries, which are made of the baked pictures. */
async function finish(
  plan: BakePlan,
  { sheets, libraries }: StaleWork,
  manifest: Manifest,
  result: BakeResult,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const sheet of sheets) {
    signal?.throwIfAborted();
    const files = await writeSheet(plan.out, sheet);
    for (const [path, record] of files) manifest.set(path, record);
    result.written.push(...files.map(([path]) => path));
    result.numSheets++;
  }
  for (const library of libraries) {
    signal?.throwIfAborted();
    const bytes = await writeLibrary(library);
    await writeOutput(plan.out, library.path, bytes);
    manifest.set(library.path, { key: library.key, sha256: sha256(bytes) });
    result.written.push(library.path);
  }
}

async function tidyUp(plan: BakePlan, manifest: Manifest, prune: boolean): Promise<string[]> {
  const orphans = await findOrphans(plan, manifest);
  if (!prune) return orphans;
  for (const path of orphans) {
    await rm(await placeInside(plan.out, path));
    await removeEmptyFolders(plan.out, path);
    manifest.delete(path);
  }
  return orphans;
}

/** Removes the folders of a file that is gone, from the innermost up to the output folder, as long as nothing else is in them. */
async function removeEmptyFolders(out: string, path: string): Promise<void> {
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
    const isRemoved = await rmdir(join(out, folder)).then(
      () => true,
      () => false,
    );
    if (!isRemoved) return;
  }
}

/** Composes the sheet of baked pictures, and writes its PNG and then its JSON. */
async function writeSheet(out: string, sheet: Sheet): Promise<[string, FileRecord][]> {
  const tiles: SheetTile[] = [];
  for (const { name, path, outline } of sheet.tiles) {
    const png = await readTile(out, path, sheet);
    const pivot = sheet.frames && (await pivotOf(out, outline, sheet));
    tiles.push({ name, pixels: png.pixels, ...(pivot && { pivot }) });
  }
  const image = sheet.image.slice(sheet.image.lastIndexOf('/') + 1);
  const composed = composeAtlas(tiles, sheet, image, packageVersion());
  const text = { [RECIPE_KEYWORD]: JSON.stringify({ figment: 1, sheet: sheet.asset }) }; // tells that a bake has made it
  const files: [string, Uint8Array][] = [
    [sheet.image, encodePng({ ...composed.sheet, text })],
    [sheet.atlas, new TextEncoder().encode(`${JSON.stringify(composed.atlas, null, 2)}\n`)],
  ];
  for (const [path, bytes] of files) await writeOutput(out, path, bytes);
  return files.map(([path, bytes]) => [path, { key: sheet.key, sha256: sha256(bytes) }]);
}

async function readTile(out: string, path: string, { widthPx, heightPx }: Sheet): Promise<PngImage> {
  const png = decodePng(await readFile(await placeInside(out, path, true)), path, roomFor(widthPx * heightPx));
  if (png.width === widthPx && png.height === heightPx) return png;
  throw new Error(`bake: ${path} is ${png.width}×${png.height} pixels; expected ${widthPx}×${heightPx}`);
}

/** Where the character of a tile stands, which its outline alone can tell: all maps are held where the picture is. */
async function pivotOf(out: string, outline: string | undefined, sheet: Sheet): Promise<Pivot | undefined> {
  if (outline === undefined) return undefined;
  const { pixels, channels, width, height } = await readTile(out, outline, sheet);
  return channels === 4 ? footPivot(pixels, width, height, sheet.frames) : { x: 0.5, y: 1 }; // opaque down to its edge
}
