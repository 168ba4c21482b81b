import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadModelFolder, modelFolderFiles, vocabularyOf } from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { createProgram } from './program.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-palette-'));
  const attributes = tinyAttributes();
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula', attributes };
  await writeDataset(at('data'), dataset, 'shapes');
  const smooth = { ...tinyDataset({ widthPx: 16, heightPx: 16, perClass: 500 }), attribution: 'drawn by formula' };
  await writeDataset(at('smooth'), { ...smooth, attributes: tinyAttributes({ perClass: 500 }) }, 'shapes');
  const files = tinyModelFiles({ labels: [...dataset.labels], attributes: vocabularyOf(attributes) });
  await writeFilesAtomic(at('model'), await modelFolderFiles(files));
});

afterAll(() => rm(dir, { recursive: true }));

const palette = (...words: string[]) => figment('palette', at('model'), ...words);

/** Runs a command; returns what it prints. */
async function figment(...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

const read = async () => JSON.parse(await readFile(at('model', 'model_index.json'), 'utf8'));

it('gives a model the palette of its data, changes nothing else, and takes it out again', async () => {
  const before = await read();
  expect(await palette('--data', at('data'), '--deviation', '0.05')).toMatch(/palette: \d+ colours of 18 images/);
  const { palette: stored, ...others } = (await read()).figment;
  expect({ ...before, figment: others }).toEqual(before);
  const { index } = await loadModelFolder(diskSource(at('model')));
  expect(index.figment.palette).toMatchObject({ deviation: 0.05 });
  expect(index.figment.palette!.colours.length).toBeGreaterThan(3 * 10);
  expect(await figment('inspect', at('model'))).toMatch(/^palette +\d+ colours, by label and attributes$/m);
  expect(await palette()).toMatch(/has none now/);
  expect([stored.deviation, await read()]).toEqual([0.05, before]);
});

it('refuses data with gradients, and says what it expects', async () => {
  await expect(palette('--data', at('smooth'))).rejects.toThrow(
    /palette: .*more than 1024 colours; expected pixel art/,
  );
});
