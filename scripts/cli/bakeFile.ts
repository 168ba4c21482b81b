import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { refuseForeignPage } from '../bake/foreignFiles.ts';
import {
  type BakeOptions,
  type BakeProgress,
  type BakeResult,
  bake,
  checkBake,
  watchBake,
  writeReport,
} from '../bake/index.ts';
import { describeError } from '../node/describeError.ts';
import { interruptible } from '../node/interrupt.ts';
import { counted, type Progress, printable, startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import type { BakeCommandOptions, FileOptions } from './bakeOptions.ts';

/** figment bake FILE.json */
export async function bakeFile(file: string, options: BakeCommandOptions): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`bake: there is no file ${file}; --help tells what a bake file is`);
  refuseClashes(options);
  await interruptible(async (signal) => {
    if (options.check) return check(file, options, signal);
    const run = runOptions(options, signal);
    if (typeof options.report === 'string') await refuseForeignPage(options.report); // before hours of baking
    if (!options.watch) {
      const result = await withProgress('bake', 'images', (onProgress) => bake(file, { ...run, onProgress }));
      tell(result, options.prune);
      return report(file, options, result, signal);
    }
    console.log(`bake: watching ${file}; Ctrl-C ends it`);
    const { onProgress, stop } = lateProgress('bake', 'images');
    await watchBake(file, {
      ...run,
      signal,
      onProgress,
      onBaked: (result) => {
        stop();
        tell(result, options.prune);
      },
      onError: (error) => {
        stop();
        console.error(describeError(error).message);
      },
    }).finally(stop);
  });
}

/** Options that would do nothing beside others, or would fail once all is baked: which to leave out, when and why. */
const CLASHES: readonly { when: (options: FileOptions) => unknown; leaveOut: (keyof FileOptions)[]; why: string }[] = [
  {
    when: ({ watch }) => watch,
    leaveOut: ['check', 'shard', 'report'],
    why: '--watch bakes everything, again and again',
  },
  { when: ({ check }) => check, leaveOut: ['report', 'prune', 'force'], why: '--check writes nothing' },
  { when: ({ shard }) => shard, leaveOut: ['report', 'prune'], why: '--shard bakes a part, and these need the whole' },
  { when: ({ report }) => !report, leaveOut: ['neighbours'], why: 'only --report shows neighbours' },
];

function refuseClashes(options: FileOptions): void {
  for (const { when, leaveOut, why } of CLASHES) {
    const given = leaveOut.filter((name) => options[name] !== undefined);
    if (given.length === 0 || !when(options)) continue;
    throw new UsageError(`bake: ${why}; leave out ${given.map((name) => `--${name}`).join(' and ')}`);
  }
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

/** A progress line from the first picture on; where none is made, there is none. Once stopped, it may begin again. */
function lateProgress(title: string, noun: string) {
  let progress: Progress | undefined;
  return {
    onProgress: ({ numDone, numPictures }: BakeProgress) => {
      progress ??= startProgress(title);
      progress.update(numDone / numPictures, `${Math.floor(numDone)}/${numPictures} ${noun}`);
    },
    stop: () => {
      progress?.stop();
      progress = undefined;
    },
  };
}

async function withProgress<T>(
  title: string,
  noun: string,
  work: (onProgress: (progress: BakeProgress) => void) => Promise<T>,
): Promise<T> {
  const { onProgress, stop } = lateProgress(title, noun);
  try {
    return await work(onProgress);
  } finally {
    stop();
  }
}

function tell({ out, backend, notes, numBaked, numFresh, written, orphans }: BakeResult, pruned = false): void {
  for (const note of notes) console.log(printable(`bake: ${note}`));
  if (backend) console.log(`bake: ${backend.name}: ${backend.reason}`);
  const [images, files] = [counted(numBaked, 'image'), counted(written.length, 'file')];
  console.log(`bake: ${images} baked, ${numFresh} as they were; ${files} written in ${out}`);
  if (orphans.length === 0) return;
  const what = `${counted(orphans.length, 'file')} that the bake file no longer lists`;
  console.log(
    printable(pruned ? `bake: ${what} removed` : `bake: ${what}, such as ${orphans[0]}; --prune removes them`),
  );
}

/** Writes the page of --report, if it is asked for. */
async function report(
  file: string,
  options: BakeCommandOptions,
  result: BakeResult,
  signal: AbortSignal,
): Promise<void> {
  if (options.report === undefined) return;
  const html = options.report === true ? join(result.out, 'report.html') : options.report;
  const { out, backend, neighbours } = options;
  const chosen = {
    ...(out === undefined ? {} : { out }),
    ...(backend === undefined ? {} : { backend }),
    ...(neighbours === undefined ? {} : { neighbours }),
    signal,
  };
  await withProgress('report', 'neighbours', (onProgress) => writeReport(file, html, { ...chosen, onProgress }));
  console.log(`bake: ${html} shows it all`);
}

/** @throws Error (exit code 1) when something is stale */
async function check(file: string, { out, shard }: BakeCommandOptions, signal: AbortSignal): Promise<void> {
  const stale = await checkBake(file, { signal, ...(out === undefined ? {} : { out }), ...(shard ? { shard } : {}) });
  for (const { path, reason } of stale) console.log(printable(`${path}: ${REASONS[reason]}`));
  if (stale.length > 0)
    throw new Error(
      `bake: ${stale.length === 1 ? '1 file is' : `${stale.length} files are`} not as ${file} asks; bake it`,
    );
  console.log(`bake: all is as ${file} asks`);
}

const REASONS = {
  new: 'was never baked',
  missing: 'is missing',
  changed: 'was baked by another recipe or model',
  altered: 'was written to since',
};
