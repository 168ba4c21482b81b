import { unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { loadModelFolder, memorySource } from '../../runtime/index.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { zipModel } from './zipModel.ts';

it('is one folder, whose files load again', async () => {
  const files = await tinyModelFolder();
  const unzipped = unzipSync(zipModel('gems', files));
  expect(Object.keys(unzipped).sort()).toEqual(
    Object.keys(files)
      .map((path) => `gems/${path}`)
      .sort(),
  );
  const inside = Object.entries(unzipped).map(([path, bytes]) => [path.replace('gems/', ''), bytes] as const);
  const model = await loadModelFolder(memorySource(Object.fromEntries(inside)));
  expect(model.index.labels).toEqual(['elf', 'goblin', 'orc']);
});
