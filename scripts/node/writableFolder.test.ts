import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeWritableFolder } from './writableFolder.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-writable-'));
});
afterAll(() => rm(dir, { recursive: true }));

it('makes the folder and leaves nothing in it', async () => {
  await makeWritableFolder(join(dir, 'a', 'b'));
  expect(await readdir(join(dir, 'a', 'b'))).toEqual([]);
});

it('names the folder that cannot be written to', async () => {
  await writeFile(join(dir, 'file'), '');
  await expect(makeWritableFolder(join(dir, 'file', 'out'))).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(/file[/\\]out cannot be written to \(ENOTDIR\)/),
  });
});
