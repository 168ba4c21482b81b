import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exportTrainer } from './exportTrainer.ts';
import { refuseInClasses } from './refuseInClasses.ts';
import { inRunFolder } from './runFolder.ts';

let dir: string;
let data: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-classes-'));
  data = join(dir, 'data');
  await mkdir(join(data, 'elf'), { recursive: true });
});

afterEach(() => rm(dir, { recursive: true }));

it.each(['.', 'run', 'elf/run', '../data/run'])('refuses %s of a data set of class folders', async (path) => {
  const out = join(data, path);
  const message = /is in the data set .*data, where every folder is a class; choose another --out/;
  await expect(inRunFolder({ out, data }, async () => {})).rejects.toThrow(message);
  await expect(exportTrainer({ out, data })).rejects.toThrow(message);
  expect(await readdir(data)).toEqual(['elf']);
});

it('takes folders that are no class: beside the data, hidden, or beside sheets', async () => {
  for (const path of ['..', '../data2', '.runs/first']) await refuseInClasses('train', join(data, path), data);
  await refuseInClasses('train', join(dir, 'nothing', 'run'), join(dir, 'nothing')); // reading the data tells of it
  await writeFile(join(data, 'dataset.json'), '{ "licence": "CC0" }');
  await expect(refuseInClasses('train', data, data)).rejects.toThrow(/train: --out/);
  await writeFile(join(data, 'dataset.json'), '{ "classes": [] }');
  await refuseInClasses('train', join(data, 'run'), data);
});
