// The folder of a training: one training at a time writes to it, and none overwrites what it did not make.

import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import { makeWritableFolder, removeAbandonedFiles } from '../node/atomicWrite.ts';
import { abandonable } from '../node/interrupt.ts';
import { isRunning } from '../node/isRunning.ts';
import { UsageError } from '../node/usageError.ts';
import { refuseInClasses } from './refuseInClasses.ts';

export interface RunFolderOptions {
  out: string;
  resume?: boolean;
  overwrite?: boolean;
}

/** Files that show that a folder holds a run or a model. */
const SIGNS = [
  'checkpoint.safetensors',
  'log.jsonl',
  INDEX_FILE,
  'config.json',
  'vae/config.json',
  'unet/config.json',
  'cvae/config.json',
];

const LOCK_FILE = '.figment.lock';

/** Folders that a training of this process writes to: a lock with this process's number in any other is an old one. */
const held = new Set<string>();

/**
 * Has a training write to its folder, alone. The folder is made if need be, and removed again if it is still empty at the end, also
 * when the training is interrupted before it could begin.
 *
 * @throws UsageError when a run or a model is there and neither --resume nor --overwrite is given; when another training
 *         writes to the folder; when it can't be written to; when it would become a class of the data
 */
export async function inRunFolder(
  options: RunFolderOptions & { data?: string },
  training: () => Promise<void>,
): Promise<void> {
  const { out, data, resume = false, overwrite = false } = options;
  if (data !== undefined) await refuseInClasses('train', out, data);
  const sign = SIGNS.find((file) => existsSync(join(out, file)));
  if (sign && !resume && !overwrite) {
    throw new UsageError(
      `train: ${out} holds ${sign} of a run or a model; go on with --resume, choose another --out, or give --overwrite to start over there`,
    );
  }
  const isNew = await makeWritableFolder(out);
  try {
    await withLock(out, async () => {
      await removeAbandonedFiles(out, ['', 'vae', 'unet', 'unet_teacher', 'cvae', 'scheduler', 'conditioning']);
      await abandonable(training, 'train: interrupted before a step was done');
    });
  } finally {
    if (isNew) await rmdir(out).catch(() => {}); // it has content, as a rule
  }
}

async function withLock(out: string, work: () => Promise<void>): Promise<void> {
  const file = join(resolve(out), LOCK_FILE);
  await takeLock(file, out);
  held.add(file);
  try {
    await work();
  } finally {
    held.delete(file);
    await rm(file, { force: true });
  }
}

/** Longer than anyone takes from reading an old lock to replacing it. */
const SETTLE_MS = 100;

/**
 * Makes the lock, or replaces one that a dead process of this machine left. Of several that replace it at once, the last has
 * it: each looks again once all have done so.
 */
async function takeLock(file: string, out: string): Promise<void> {
  const mine = `${process.pid}\n${hostname()}\n${randomUUID()}\n`;
  if (makeLock(file, mine)) return;
  if (contentOf(file) === '') await setTimeout(SETTLE_MS); // its owner is about to write it, or was killed before
  const [pid = '', host = ''] = contentOf(file).split('\n');
  if (host !== '' && isAlive(file, Number(pid), host)) {
    throw new UsageError(
      `train: process ${pid} on ${host} trains in ${out}; choose another --out, or wait for its end (if it is long gone, delete ${file})`,
    );
  }
  const staged = `${file}.${process.pid}`;
  writeFileSync(staged, mine);
  renameSync(staged, file);
  await setTimeout(SETTLE_MS);
  if (contentOf(file) !== mine) throw new UsageError(`train: another training begins in ${out}; choose another --out`);
}

function makeLock(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function contentOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function isAlive(file: string, pid: number, host: string): boolean {
  if (host !== hostname()) return true; // it can't be asked
  return pid === process.pid ? held.has(file) : isRunning(pid);
}
