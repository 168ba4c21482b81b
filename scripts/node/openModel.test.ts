import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate, loadModelFolder, selectBackend } from '../../runtime/index.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { buildCvae, buildModel, modelSource } from './openModel.ts';
import { packageRoot } from './packageRoot.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-models-'));
  for (const name of ['portraits', 'items']) {
    await mkdir(join(dir, name));
    await writeFile(join(dir, name, 'model_index.json'), `"${name}"`);
  }
  await mkdir(join(dir, 'no-model'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('modelSource', () => {
  it('finds a shipped model by its name', async () => {
    const bytes = await modelSource('items', dir).read('model_index.json');
    expect(new TextDecoder().decode(bytes)).toBe('"items"');
  });

  it('finds a folder and an address', () => {
    expect(modelSource(join(dir, 'portraits'), dir).name).toBe('portraits');
    expect(modelSource('https://example.org/models/tiny/', dir).name).toBe('https://example.org/models/tiny');
  });

  it('offers the nearest name for one that does not exist', () => {
    expect(() => modelSource('portrait', dir)).toThrow(
      /model "portrait" does not exist; did you mean "portraits"\? shipped models: items, portraits/,
    );
    expect(() => modelSource('no/model', join(dir, 'nowhere'))).toThrow(
      /"no\/model" does not exist; name a model's folder/,
    );
    expect(() => modelSource('dragons', join(dir, 'nowhere'))).toThrow(/npm install babylon-figment-dragons, or name/);
    expect(() => modelSource('no\0name', dir)).toThrow(/does not exist/);
    expect(() => modelSource('x'.repeat(5000), dir)).toThrow(/does not exist/);
  });
});

it('the shipped portraits have a VAE of at most 3 MB that makes a face of each label in one pass', async () => {
  await selectBackend({ backend: 'wasm' });
  const folder = join(packageRoot(), 'assets/models/portraits/cvae');
  const { size } = await stat(join(folder, 'diffusion_pytorch_model.safetensors'));
  expect(size).toBeLessThan(3_000_000);
  const cvae = buildCvae(await loadModelFolder(modelSource('portraits'), { parts: ['cvae'] }));
  const faces = await generate(
    { cvae },
    cvae.index.labels.map((label) => ({ label, seed: 1 })),
    { pipeline: 'cvae' },
  );
  cvae.dispose();
  expect(faces.length).toBe(13);
  for (const pixels of faces) {
    const alphaAt = (x: number, y: number) => pixels[4 * (32 * y + x) + 3]!;
    expect(alphaAt(16, 24), 'the middle of the face').toBeGreaterThan(200);
    expect(Math.max(alphaAt(0, 0), alphaAt(31, 0)), 'the corners above').toBeLessThan(100);
  }
});

it('buildModel calls an unsupported option a mistake', () => {
  const files = { ...tinyModelFiles(), unetConfig: { act_fn: 'gelu' } };
  expect(() => buildModel(files)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(/tiny\/unet/) }),
  );
});
