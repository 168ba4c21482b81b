import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePng } from './png.ts';
import { readDataset } from './readDataset.ts';
import { UsageError } from './usageError.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-dataset-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), content);
}

/** A PNG of one colour. */
function plain(width: number, height: number, ...colour: [number, number, number, number?]): Uint8Array {
  const channels = colour.length as 3 | 4;
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => colour[i % channels]!);
  return encodePng({ width, height, channels, pixels });
}

describe('readDataset', () => {
  it('reads sheets', async () => {
    const classes = [{ label: 'red', file: 'red.png', count: 3 }];
    const description = { tileWidth: 2, tileHeight: 2, columns: 2, channels: 4, licence: 'CC0', attribution: 'us' };
    await write('dataset.json', JSON.stringify({ name: 'colours', ...description, classes }));
    await write('red.png', plain(4, 4, 255, 0, 0, 128));
    const dataset = await readDataset(dir);
    expect(dataset.labels).toEqual(['red']);
    expect(dataset.images).toEqual(Uint8Array.from({ length: 48 }, (_, i) => [255, 0, 0, 128][i % 4]!));
  });

  it('reads sheets as large as they are described, however few bytes they have, and no larger ones', async () => {
    const classes = [{ label: 'red', file: 'red.png', count: 4 }];
    const description = { name: 'vast', tileWidth: 1024, columns: 4, channels: 3, licence: 'CC0', attribution: 'us' };
    const describe = (tileHeight: number) =>
      write('dataset.json', JSON.stringify({ ...description, tileHeight, classes }));
    await write('red.png', encodePng({ width: 4096, height: 4104, channels: 3, pixels: new Uint8Array(50_429_952) }));
    await describe(4104);
    expect(await readDataset(dir)).toMatchObject({ widthPx: 1024, heightPx: 4104, labels: ['red'] });
    await describe(8);
    await expect(readDataset(dir)).rejects.toThrow(
      /red\.png is 4096x4104; expected at most 16777216 pixels; make it smaller, or split it/,
    );
  });

  it('reads class folders, also through links', async () => {
    await write('b/2.png', plain(2, 1, 4, 5, 6));
    await write('elsewhere.d/1.png', plain(2, 1, 7, 8, 9));
    await symlink(join(dir, 'elsewhere.d'), join(dir, 'a'));
    await symlink(join(dir, 'nowhere'), join(dir, 'broken'));
    const dataset = await readDataset(dir);
    expect(dataset.labels).toEqual(['a', 'b', 'elsewhere.d']);
    expect([...dataset.images]).toEqual([7, 8, 9, 7, 8, 9, 4, 5, 6, 4, 5, 6, 7, 8, 9, 7, 8, 9]);
  });

  it('reads class folders that are described, with their attributes', async () => {
    await write('a/1.png', plain(2, 1, 4, 5, 6));
    await write('b/2.png', plain(2, 1, 7, 8, 9));
    await write('dataset.json', JSON.stringify({ licence: 'CC0', attributes: { hat: ['none', 'cap'] } }));
    await write('attributes.csv', 'label,file,hat\nb,2.png,cap\na,1.png,none\n');
    const { licence, attributes } = await readDataset(dir);
    expect(licence).toBe('CC0');
    expect(attributes).toMatchObject([{ name: 'hat', data: Int16Array.of(0, 1) }]);
  });

  it('names damaged and missing files without telling where the folder is', async () => {
    const classes = ['red', 'gone'].map((label) => ({ label, file: `${label}.png`, count: 1 }));
    const description = { tileWidth: 2, tileHeight: 2, columns: 1, channels: 3, licence: 'CC0', attribution: 'us' };
    await write('dataset.json', JSON.stringify({ name: 'colours', ...description, classes }));
    await write('red.png', plain(2, 2, 255, 0, 0).subarray(0, 40));
    const error = await readDataset(dir).catch((thrown) => thrown);
    expect(error.message).toMatch(/"colours" has 2 problems:\n- red.png: .*damaged.*\n- gone.png: cannot be read/);
  });

  it('reads neither pipes nor devices, which might never end', async () => {
    await write('red/1.png', plain(2, 2, 255, 0, 0));
    execFileSync('mkfifo', [join(dir, 'red/2.png')]);
    await symlink('/dev/zero', join(dir, 'red/3.png'));
    const error = await readDataset(dir).catch((thrown) => thrown);
    expect(error.problems).toEqual([
      expect.stringMatching(/^red\/2.png: cannot be read \(it is a folder, pipe or device; expected a file\)/),
      expect.stringMatching(/^red\/3.png: cannot be read \(it is a folder, pipe or device; expected a file\)/),
    ]);
  });

  it('refuses a file that is larger than memory should hold', async () => {
    await write('red/1.png', '');
    await truncate(join(dir, 'red/1.png'), 2 ** 29 + 1);
    await expect(readDataset(dir)).rejects.toThrow(
      /red\/1.png: cannot be read \(it has 536870913 bytes; expected at most/,
    );
    await write('dataset.json', '{}');
    await truncate(join(dir, 'dataset.json'), 10_000_001);
    await expect(readDataset(dir)).rejects.toThrow(
      /dataset.json: cannot be read \(it has 10000001 bytes; expected at most 10000000; split it/,
    );
  });

  it('says so when there is no folder', async () => {
    const none = join(dir, 'none');
    const problem = `${none} is no folder; expected one with dataset.json, or with a folder for each class`;
    await expect(readDataset(none)).rejects.toThrow(new UsageError(`--data: ${problem}`));
    await expect(readDataset(none, '--extra-data')).rejects.toThrow(new UsageError(`--extra-data: ${problem}`));
  });
});
