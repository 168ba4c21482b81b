import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { namedFiles } from './namedFiles.ts';
import { describedBake } from './readBakeFile.ts';

it('lists pictures, and the files of models and classifiers, whether they are there or not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'figment-named-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFilesAtomic(join(folder, 'tiny'), await tinyModelFolder());
  const assets = [
    { name: 'a', image: 'art/one.png', mask: 'art/mask.png' },
    { name: 'b', model: './nowhere', classifier: './hats' },
    { name: 'c', model: 'https://example.org/models/portraits', image: 'art/one.png' },
    { name: 'd', model: 'portraits', classifier: 'portraits-ornate' },
  ];
  const named = namedFiles(describedBake({ figment: 1, defaults: { model: './tiny' }, assets }, folder));
  const below = named.filter((file) => file.startsWith(folder)).map((file) => file.slice(folder.length + 1));
  expect(below).toEqual([
    ...['art/one.png', 'art/mask.png'],
    'tiny/model_index.json',
    ...Object.keys(await tinyModelFolder())
      .filter((file) => file.includes('/'))
      .map((file) => `tiny/${file}`),
    'nowhere/model_index.json',
    ...['hats/config.json', 'hats/diffusion_pytorch_model.safetensors'],
  ]);
  const others = named.filter((file) => !file.startsWith(folder));
  expect(others.some((file) => file.endsWith('models/portraits/model_index.json'))).toBe(true);
  expect(others.some((file) => file.endsWith('classifiers/portraits-ornate/config.json'))).toBe(true);
  expect(others.some((file) => file.includes('example.org'))).toBe(false);
});
