import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGED_MODELS } from '../../runtime/core/packagedModels.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { buildModel, missing, modelFolder, modelSource } from './openModel.ts';
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
    expect(() => modelSource('dragons', dir)).toThrow(
      /"dragons" does not exist; shipped models: items, portraits; or name a model's folder or https address$/,
    );
    expect(() => modelSource('no\0name', dir)).toThrow(/does not exist/);
    expect(() => modelSource('x'.repeat(5000), dir)).toThrow(/does not exist/);
  });
});

it('modelFolder knows shipped models by name, and takes what else it is given for a folder', () => {
  expect(modelFolder('items')).toBe(join(packageRoot(), 'assets/models/items'));
  expect(modelFolder('runs/items')).toBe('runs/items');
});

describe('missing', () => {
  it('tells how to install a model that is a package', () => {
    expect(missing('portraits', 'models', [])).toMatch(
      /exist; npm install babylon-figment-portraits, or name a model's/,
    );
    expect(missing('character', 'models', ['items'])).toMatch(
      /; did you mean "characters"\? shipped models: items; or npm install babylon-figment-characters, or name a/,
    );
  });

  it('speaks of no package for any other name', () => {
    const all = [missing('dragons', 'models', []), missing('dragons', 'models', PACKAGED_MODELS)];
    const classifier = missing('portraits', 'classifiers', ['portraits-ornate']);
    expect([...all, classifier].join()).not.toContain('npm install');
    expect(all.join()).not.toContain('did you mean');
  });

  it('knows all packages of models', async () => {
    const folders = await readdir(join(packageRoot(), 'assets/models'));
    expect([...PACKAGED_MODELS].sort()).toEqual(folders.sort());
  });
});

it('buildModel calls an unsupported option a mistake', () => {
  const files = { ...tinyModelFiles(), unetConfig: { act_fn: 'gelu' } };
  expect(() => buildModel(files)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(/tiny\/unet/) }),
  );
});
