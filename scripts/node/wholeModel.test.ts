import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadModelFolder, memorySource, modelFolderFiles } from '../../runtime/index.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from './atomicWrite.ts';
import { readWholeModel, withNetworks } from './wholeModel.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-replace-'));
});
afterEach(() => rm(dir, { recursive: true }));

it('exchanges the auto-encoder alone; the index comes last and vouches for all files', async () => {
  await writeFilesAtomic(dir, await modelFolderFiles(tinyModelFiles())); // float32
  const model = await readWholeModel(dir);
  const { vae, vaeConfig } = tinyModelFiles({ seed: 9 });
  const files = await withNetworks(model, { vae, vaeConfig });
  expect(Object.keys(files).at(-1)).toBe('model_index.json');
  const loaded = await loadModelFolder(memorySource(files, 'new'));
  expect(loaded.unet).toEqual((await loadModelFolder(memorySource(model.files, 'old'))).unet);
  expect(loaded.vae.get('decoder.conv_in.weight')).toMatchObject({ dtype: 'F16' });
  const first = loaded.vae.get('decoder.conv_in.weight')!.data[0]!;
  expect(Math.abs(first - vae.get('decoder.conv_in.weight')!.data[0]!)).toBeLessThan(1e-3 * Math.abs(first) + 1e-6);
  const changed = Object.keys(files).filter((path) => files[path] !== model.files[path]);
  expect(changed.sort()).toEqual(['model_index.json', 'vae/config.json', 'vae/diffusion_pytorch_model.safetensors']);
  const { vae: decoder } = await loadModelFolder(memorySource(files, 'new'), { parts: ['decoder'] });
  expect(decoder.has('encoder.conv_in.weight')).toBe(false);
  expect(decoder.get('decoder.conv_in.weight')).toEqual(loaded.vae.get('decoder.conv_in.weight'));
  files['unet/config.json'] = Uint8Array.of(...files['unet/config.json']!, 32);
  await expect(loadModelFolder(memorySource(files, 'new'))).rejects.toThrow(/unet\/config.json: expected sha-256/);
});

it('refuses a damaged model before anything is trained', async () => {
  await writeFilesAtomic(dir, await modelFolderFiles(tinyModelFiles()));
  await writeFile(join(dir, 'scheduler', 'scheduler_config.json'), '{}');
  await expect(readWholeModel(dir)).rejects.toThrow(/scheduler_config.json: expected sha-256/);
  await rm(join(dir, 'unet'), { recursive: true });
  await expect(readWholeModel(dir)).rejects.toThrow(/unet\/.*: there is no such file/);
});
