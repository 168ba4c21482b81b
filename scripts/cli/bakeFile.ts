import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BakeOptions, type BakeResult, bake, checkBake, watchBake, writeReport } from '../bake/index.ts';
import { describeError } from '../node/describeError.ts';
import { interruptible } from '../node/interrupt.ts';
import { startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import type { BakeCommandOptions, FileOptions } from './bakeOptions.ts';

/** figment bake FILE.json */
export async function bakeFile(file: string, options: BakeCommandOptions): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`bake: there is no file ${file}; --help tells what a bake file is`);
  if (options.watch && (options.check || options.shard || options.report)) {
    throw new UsageError('bake: --watch bakes everything, again and again; leave out --check, --shard and --report');
  }
  await interruptible(async (signal) => {
    if (options.check) return check(file, options, signal);
    const run = runOptions(options, signal);
    if (!options.watch)
      return report(file, options, await withProgress((onProgress) => bake(file, { ...run, onProgress })));
    console.log(`bake: watching ${file}; Ctrl-C ends it`);
    await watchBake(file, {
      ...run,
      signal,
      onBaked: (result) => tell(result),
      onError: (error) => console.error(describeError(error).message),
    });
  });
}

function runOptions(
  { out, batch, jobs, backend, engine, shard, force, prune }: BakeCommandOptions,
  signal: AbortSignal,
): BakeOptions {
  return {
    batch,
    jobs,
    engine,
    signal,
    ...(out === undefined ? {} : { out }),
    ...(backend === undefined ? {} : { backend }),
    ...(shard === undefined ? {} : { shard }),
    force: force ?? false,
    prune: prune ?? false,
  };
}

async function withProgress(work: (onProgress: BakeOptions['onProgress']) => Promise<BakeResult>): Promise<BakeResult> {
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    return await work(({ numDone, numPictures }) => {
      progress ??= startProgress('bake');
      progress.update(numDone / numPictures, `${Math.floor(numDone)}/${numPictures} images`);
    });
  } finally {
    progress?.stop();
  }
}

function tell({ out, backend, notes, numBaked, numFresh, written, orphans }: BakeResult, pruned = false): void {
  for (const note of notes) console.log(`bake: ${note}`);
  if (backend) console.log(`bake: ${backend.name}: ${backend.reason}`);
  console.log(`bake: ${numBaked} images baked, ${numFresh} as they were; ${written.length} files written in ${out}`);
  if (orphans.length === 0) return;
  const what = `${orphans.length} files that the bake file no longer lists`;
  console.log(pruned ? `bake: ${what} removed` : `bake: ${what}, such as ${orphans[0]}; --prune removes them`);
}

async function report(file: string, options: FileOptions & BakeCommandOptions, result: BakeResult): Promise<void> {
  tell(result, options.prune);
  if (options.report === undefined) return;
  const html = options.report === true ? join(result.out, 'report.html') : options.report;
  const { out, backend, neighbours } = options;
  await writeReport(file, html, {
    ...(out === undefined ? {} : { out }),
    ...(backend === undefined ? {} : { backend }),
    ...(neighbours === undefined ? {} : { neighbours }),
  });
  console.log(`bake: ${html} shows it all`);
}

/** @throws Error (exit code 1) when something is stale */
async function check(file: string, { out, shard }: BakeCommandOptions, signal: AbortSignal): Promise<void> {
  const stale = await checkBake(file, { signal, ...(out === undefined ? {} : { out }), ...(shard ? { shard } : {}) });
  for (const { path, reason } of stale) console.log(`${path}: ${REASONS[reason]}`);
  if (stale.length > 0) throw new Error(`bake: ${stale.length} files are not as ${file} asks; bake it`);
  console.log(`bake: all is as ${file} asks`);
}

const REASONS = {
  new: 'was never baked',
  missing: 'is missing',
  changed: 'was baked by another recipe or model',
  altered: 'was written to since',
};
