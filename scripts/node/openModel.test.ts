import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { buildModel, modelSource } from './openModel.ts';

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

it('buildModel calls an unsupported option a mistake', () => {
  const files = { ...tinyModelFiles(), unetConfig: { act_fn: 'gelu' } };
  expect(() => buildModel(files)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(/tiny\/unet/) }),
  );
});
