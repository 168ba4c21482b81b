// `babylon-figment-cli/bake`: what the command `figment bake` does with a bake file, for editors and build scripts.
import { resolve } from 'node:path';
import type { BakeDescription } from './bakeFileSchema.ts';
import { takeShard } from './batches.ts';
import { namedFiles } from './namedFiles.ts';
import { type OpenOptions, openPlan, planBake } from './planBake.ts';
import { readBakeFile } from './readBakeFile.ts';
import { type BakeResult, type RunOptions, runPlan } from './runBake.ts';
import { findStale, openManifest, type StaleFile } from './staleFiles.ts';
import { watchFiles } from './watchFiles.ts';

export { InterruptError } from '../node/interrupt.ts';
export { UsageError } from '../node/usageError.ts';
export type { BakeAsset, BakeDescription, FileFormat, MapName } from './bakeFileSchema.ts';
export type { BakedRecipe } from './bakePlan.ts';
export type { Shard } from './manifest.ts';
export type { BakeProgress, BakeResult, RunOptions } from './runBake.ts';
export type { StaleFile, StaleReason } from './staleFiles.ts';
export { type ReportOptions, writeReport } from './writeReport.ts';

export interface BakeOptions extends RunOptions, Omit<OpenOptions, 'signal'> {}

/**
 * Bakes what a bake file asks for and what is missing in the output folder, or is no longer as it should be.
 *
 *   const { written } = await bake('art/figment.bake.json', { jobs: 4, onProgress: ({ numDone }) => show(numDone) });
 *   await bake({ figment: 1, assets: [{ name: 'guest', model: 'portraits', labels: ['elf'], count: 8 }] }, { out: 'art' });
 *
 * @param what a file, or its content; several of one output folder need names of their own
 * @throws     UsageError with all that is wrong with the file; InterruptError when aborted: then the files that are there
 *             are whole, and the next bake makes the rest
 */
export async function bake(what: string | BakeDescription, options: BakeOptions = {}): Promise<BakeResult> {
  return runPlan(await openPlan(what, options), options);
}

/**
 * Lists what `bake` would write, and writes nothing.
 *
 * @returns a list that is empty when all is as it should be
 * @throws  as `bake`
 */
export async function checkBake(
  what: string | BakeDescription,
  options: Pick<BakeOptions, 'out' | 'folder' | 'name' | 'shard' | 'signal'> = {},
): Promise<StaleFile[]> {
  const whole = await openPlan(what, options);
  const manifest = await openManifest(whole, options.shard);
  return (await findStale(options.shard ? takeShard(whole, options.shard) : whole, manifest)).files;
}

export interface WatchOptions extends BakeOptions {
  /** Ends the watch. */
  signal: AbortSignal;
  onBaked?: (result: BakeResult) => void;
  /** Gets errors such as a mistake in the file, after which the watch goes on. Default: the error is thrown and ends the watch. */
  onError?: (error: unknown) => void;
}

/** Bakes now, and again whenever the bake file, or a model or picture that it names, is saved; ends when the signal fires. */
export async function watchBake(file: string, options: WatchOptions): Promise<void> {
  let watched: string[] = [];
  const bakeOnce = async (noteFurther: () => void) => {
    try {
      const source = await readBakeFile(file);
      watched = namedFiles(source); // before the plan, which fails as long as one of them is missing or wrong
      noteFurther();
      options.onBaked?.(await runPlan(await planBake(source, options), options));
    } catch (error) {
      if (options.signal.aborted) return;
      if (!options.onError) throw error;
      options.onError(error);
    }
  };
  await watchFiles(() => [resolve(file), ...watched], bakeOnce, options.signal);
}
