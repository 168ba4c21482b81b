import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readDataset } from '../node/readDataset.ts';
import { datasetCommand } from './dataset.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-faces-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

class Exit extends Error {}

/** Runs `figment dataset …`; collects what it prints, and its exit code when it exits. */
async function run(...words: string[]) {
  const printed: string[] = [];
  let exitCode = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    exitCode = Number(code);
    throw new Exit();
  });
  const command = datasetCommand();
  const write = (text: string) => void printed.push(text);
  for (const each of [command, ...command.commands]) each.configureOutput({ writeOut: write, writeErr: write });
  await command.parseAsync(words, { from: 'user' }).catch((error) => {
    if (!(error instanceof Exit)) throw error;
  });
  return { exitCode, printed: printed.join('') };
}

it('dataset surfaces writes a data set that can be read', async () => {
  const out = join(dir, 'surfaces');
  const { printed } = await run('surfaces', '--out', out, '--count', '2', '--size', '16');
  expect(printed).toBe(`14 images with 7 labels in ${out}`);
  expect(await readDataset(out)).toMatchObject({ name: 'surfaces', widthPx: 16, heightPx: 16, channels: 3 });
});

it('dataset walkers writes a data set of frames', async () => {
  const out = join(dir, 'walkers');
  const { printed } = await run('walkers', '--out', out, '--count', '2', '--size', '32');
  expect(printed).toBe(`6 images with 3 labels in ${out}`);
  const { frames, ...dataset } = await readDataset(out);
  expect(dataset).toMatchObject({ name: 'walkers', widthPx: 32, heightPx: 48, channels: 4 });
  expect(frames).toHaveLength(20);
});

it('dataset surfaces --maps writes materials', async () => {
  const out = join(dir, 'materials');
  const { printed } = await run('surfaces', '--out', out, '--count', '2', '--size', '8', '--maps');
  expect(printed).toBe(`16 images with 8 labels in ${out}`);
  const { channels, attributes } = await readDataset(out);
  expect([channels, attributes!.map(({ name }) => name)]).toEqual([6, ['wear']]);
});

it.each([
  ['dicebear', 26_214_400_000],
  ['surfaces', 27_525_120_000],
  ['surfaces --maps', 62_914_560_000],
  ['walkers', 471_859_200_000],
])('dataset %s refuses more images than a data set may hold before it draws any', async (words, numBytes) => {
  const out = join(dir, 'vast');
  await expect(run(...words.split(' '), '--out', out, '--count', '20000', '--size', '256')).rejects.toMatchObject({
    name: 'UsageError',
    message: `dataset ${words.split(' ')[0]}: the images would have ${numBytes} bytes of pixels; expected at most 2147483648; lower --count or --size`,
  });
  expect(await readdir(dir)).toEqual([]);
});

describe('dataset dicebear', () => {
  it('writes a data set that can be read', async () => {
    const out = join(dir, 'faces');
    const { printed } = await run('dicebear', '--out', out, '--count', '3', '--size', '16', '--seed', '5');
    expect(printed).toBe(`15 images with 5 labels in ${out}`);
    const dataset = await readDataset(out);
    expect(dataset).toMatchObject({ name: 'dicebear', widthPx: 16, heightPx: 16, channels: 4 });
    expect(dataset.images).toHaveLength(15 * 1024);
    expect(dataset.attributes!.map(({ name }) => name)).toContain('hair_colour');
    expect(await readdir(out)).toHaveLength(7);
  });

  it('refuses a folder that holds something, and leaves it alone', async () => {
    await writeFile(join(dir, 'mine.txt'), 'mine');
    await expect(run('dicebear', '--out', dir, '--count', '1')).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(/is not empty; choose a new folder/),
    });
    await expect(run('dicebear', '--out', join(dir, 'mine.txt'))).rejects.toThrow(/is no folder that can be read/);
    expect(await readdir(dir)).toEqual(['mine.txt']);
  });

  it.each([
    ['--count', '0', 'expected a whole number from 1 to 20000'],
    ['--count', 'many', 'expected a whole number from 1 to 20000'],
    ['--size', '24', 'expected a multiple of 16'],
    ['--size', '512', 'expected a whole number from 16 to 256'],
    ['--seed', '-1', 'expected a whole number from 0 to 4294967295'],
  ])('answers %s %s with one line and exit code 2', async (flag, value, expected) => {
    const { exitCode, printed } = await run('dicebear', '--out', dir, flag, value);
    expect(exitCode).toBe(2);
    expect(printed).toContain(flag);
    expect(printed).toContain(expected);
    expect(printed.trim().split('\n')).toHaveLength(1);
    expect(await readdir(dir)).toEqual([]);
  });

  it('asks for --out, and helps', async () => {
    expect(await run('dicebear')).toMatchObject({ exitCode: 2, printed: expect.stringContaining('--out <dir>') });
    const { exitCode, printed } = await run('dicebear', '--help');
    expect(exitCode).toBe(0);
    for (const text of ['--out <dir>', '--count <n>', '--size <px>', '--seed <n>', 'long_hair']) {
      expect(printed).toContain(text);
    }
  });
});
