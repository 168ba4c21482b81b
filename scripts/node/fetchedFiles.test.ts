import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from './atomicWrite.ts';
import { fetchedFiles } from './fetchedFiles.ts';

const dir = mkdtempSync(join(tmpdir(), 'figment-fetched-'));
let paths: string[];

beforeAll(async () => {
  const files = await tinyModelFolder({ student: true });
  paths = Object.keys(files).sort();
  await writeFilesAtomic(dir, {
    ...files,
    'README.md': new Uint8Array(),
  });
});
afterAll(() => rmSync(dir, { recursive: true }));

const index = (content: object | string) =>
  writeFileSync(join(dir, 'model_index.json'), typeof content === 'string' ? content : JSON.stringify(content));

it('are those of which the index has the hash, or all of the parts; no documents', () => {
  expect(fetchedFiles(dir).sort()).toEqual(paths);
  index({ figment: {} });
  expect(fetchedFiles(dir).sort()).toEqual(paths);
});

it('lie inside the folder', () => {
  for (const name of ['../secret.json', '/etc/passwd', 'unet/../../secret', 'unet/.hidden']) {
    index({ figment: { sha256: { [name]: '' } } });
    expect(() => fetchedFiles(dir), name).toThrow(/expected files inside its folder/);
  }
  index('{');
  expect(() => fetchedFiles(dir)).toThrow(/cannot be read; fetch or save the model again/);
  expect(() => fetchedFiles(join(dir, 'unet'))).toThrow(/has no model_index.json; name the folder of a model/);
});
