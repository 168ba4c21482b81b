import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InterruptError, interruptible, letEventsIn } from '../node/interrupt.ts';
import { inRunFolder } from './runFolder.ts';

let dir: string;
let out: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-run-'));
  out = join(dir, 'run');
});

afterEach(() => rm(dir, { recursive: true }));

const LOCK = '.figment.lock';
const nothing = async () => {};

/** Puts a lock into the folder as a process would. */
async function lockAs(pid: number, host = hostname()): Promise<void> {
  await mkdir(out, { recursive: true });
  await writeFile(join(out, LOCK), `${pid}\n${host}\n`);
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid!;
}

it.each(['checkpoint.safetensors', 'log.jsonl', 'model_index.json', 'vae/config.json'])(
  'refuses a folder with %s unless it is told what to do',
  async (name) => {
    await mkdir(join(out, name, '..'), { recursive: true });
    await writeFile(join(out, name), 'hours of work');
    const message = /run holds .* go on with --resume, choose another --out, or give --overwrite/;
    await expect(inRunFolder({ out }, nothing)).rejects.toThrow(message);
    let numRuns = 0;
    const count = async () => void numRuns++;
    await inRunFolder({ out, resume: true }, count);
    await inRunFolder({ out, overwrite: true }, count);
    expect(numRuns).toBe(2);
    expect(await readFile(join(out, name), 'utf8')).toBe('hours of work');
    expect(await readdir(out)).not.toContain(LOCK);
  },
);

it('lets one training at a time in, and the next when it has ended, however it did', async () => {
  const first = inRunFolder({ out }, async () => {
    const second = inRunFolder({ out: join(out, '../run') }, nothing);
    await expect(second).rejects.toThrow(
      new RegExp(`process ${process.pid} on .* trains in .*run; choose another --out`),
    );
    throw new Error('broken');
  });
  await expect(first).rejects.toThrow('broken');
  await inRunFolder({ out }, nothing);
});

it('takes the lock of a dead process over, and leaves that of a living one and of another machine', async () => {
  await lockAs(await deadPid());
  await inRunFolder({ out }, nothing);
  await lockAs(process.pid); // an earlier process with the number of this one
  await inRunFolder({ out }, nothing);
  await lockAs(process.ppid);
  await expect(inRunFolder({ out }, nothing)).rejects.toThrow(`process ${process.ppid} on ${hostname()}`);
  await lockAs(1, 'elsewhere');
  await expect(inRunFolder({ out }, nothing)).rejects.toThrow('process 1 on elsewhere');
  expect(await readFile(join(out, LOCK), 'utf8')).toBe('1\nelsewhere\n');
});

it('of many that find a dead lock at once, one trains', async () => {
  await lockAs(await deadPid());
  let numAtWork = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++numAtWork);
    await new Promise((resolve) => setTimeout(resolve, 20));
    numAtWork--;
  };
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => inRunFolder({ out }, work)));
  expect(all.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  expect(most).toBe(1);
});

it('removes the temporary files of killed processes, and the folder that it made for nothing', async () => {
  await expect(inRunFolder({ out }, () => Promise.reject(new Error('no data')))).rejects.toThrow('no data');
  expect(await readdir(dir)).toEqual([]);
});

it('gives up at once what is interrupted while it reads its data, and leaves no folder behind', async () => {
  const reading = inRunFolder({ out }, () => {
    expect(existsSync(join(out, LOCK))).toBe(true);
    process.kill(process.pid, 'SIGINT'); // from inside, where it is listened for
    return new Promise(() => {});
  });
  await expect(reading).rejects.toMatchObject({
    name: 'InterruptError',
    exitCode: 130,
    message: 'train: interrupted before a step was done',
  });
  expect(await readdir(dir)).toEqual([]);
});

it('leaves the end to a training that has begun', async () => {
  const training = inRunFolder({ out }, () =>
    interruptible(async (signal) => {
      process.kill(process.pid, 'SIGINT');
      await once(signal, 'abort');
      await letEventsIn();
      await writeFile(join(out, 'model'), 'saved');
      throw InterruptError.after(signal.reason, 'after 7 steps');
    }),
  );
  await expect(training).rejects.toThrow('after 7 steps');
  expect(await readdir(out)).toEqual(['model']);
});
