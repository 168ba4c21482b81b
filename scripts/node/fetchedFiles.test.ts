import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
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

it('are those at the top, weights in parts with their list, where a model has no folders', async () => {
  const flat = join(dir, 'flat');
  const names = ['config.json', 'scheduler_config.json', 'diffusion_pytorch_model.safetensors.index.json'];
  const weights = [1, 2].map((part) => `diffusion_pytorch_model-0000${part}-of-00002.safetensors`);
  const others = ['README.md', 'checkpoint.safetensors', 'diffusion_pytorch_model.bin', 'tokenizer.json'];
  const files = [...others, ...names, ...weights].map((name) => [name, new Uint8Array()]);
  await writeFilesAtomic(flat, { ...Object.fromEntries(files), 'model_index.json': encodeJson({}) });
  expect(fetchedFiles(flat).sort()).toEqual([...names, ...weights, 'model_index.json'].sort());
  for (const name of weights) rmSync(join(flat, name));
  expect(() => fetchedFiles(flat)).toThrow(
    /flat has no weights that a page could load; fetch the whole model, or save it again .* safe_serialization=True/,
  );
});

it('lie inside the folder', () => {
  for (const name of ['../secret.json', '/etc/passwd', 'unet/../../secret', 'unet/.hidden']) {
    index({ figment: { sha256: { [name]: '' } } });
    expect(() => fetchedFiles(dir), name).toThrow(/expected files inside its folder/);
  }
  for (const name of ['index.html', 'unet/worker.js']) {
    index({ figment: { sha256: { [name]: '' } } });
    expect(() => fetchedFiles(dir), name).toThrow(/expected configs and weights alone/);
  }
  index('{');
  expect(() => fetchedFiles(dir)).toThrow(/cannot be read; fetch or save the model again/);
  expect(() => fetchedFiles(join(dir, 'unet'))).toThrow(/has no model_index.json; name the folder of a model/);
});
