import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { loadWithoutEntry } from './modelEntry.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'figment-entry-'));
});

afterEach(() => rm(folder, { recursive: true }));

it.each(['palette', 'probe', 'grain', 'regions'] as const)('names a folder that is no model: %s', async (name) => {
  await expect(loadWithoutEntry(folder, name)).rejects.toThrow(
    `${name}: ${folder} is no whole model, as it has no model_index.json; name the folder of one, such as figment train ddpm has made`,
  );
});

it.skipIf(process.getuid?.() === 0)('refuses a model that cannot be written to before there is work', async () => {
  await writeFilesAtomic(folder, await tinyModelFolder());
  await chmod(folder, 0o555);
  try {
    await expect(loadWithoutEntry(folder, 'palette')).rejects.toThrow(/cannot be written to \(EACCES\); name a copy/);
  } finally {
    await chmod(folder, 0o755);
  }
});
