import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { loadModelFolder } from './modelFolder.ts';
import { modelFolderFiles } from './modelFolderFiles.ts';
import { memorySource } from './modelSource.ts';
import { VOCABULARY_SCHEMA } from './vocabulary.ts';

const VOCABULARY = { hair: ['black', 'red'], wear: { min: -1, max: 1 }, constructor: ['a', 'b'] };

describe('the vocabulary of a model', () => {
  it('is read as it was written, with the conditioning', async () => {
    const files = tinyModelFiles({ attributes: VOCABULARY });
    const folder = await modelFolderFiles(files);
    expect(Object.keys(folder)).toContain('conditioning/config.json');
    const back = await loadModelFolder(memorySource(folder));
    expect(Object.entries(back.index.figment.attributes!)).toEqual(Object.entries(VOCABULARY));
    expect(back.conditioningConfig).toEqual(files.conditioningConfig);
    for (const [name, { shape, data }] of files.conditioning!) {
      expect(back.conditioning!.get(name), name).toMatchObject({ shape, data });
    }
  });

  it('is not looked for where the U-Net takes the label', async () => {
    const back = await loadModelFolder(memorySource(await modelFolderFiles(tinyModelFiles())));
    expect(back.conditioningConfig).toBeUndefined();
    expect(back.index.figment.attributes).toBeUndefined();
  });

  it.each<[object, RegExp]>([
    [{ hair: [] }, /expected at least one value/],
    [{ hair: ['red', 'red'] }, /expected every value once/],
    [{ wear: { min: 1, max: 1 } }, /expected min below max/],
    [{ wear: { min: -1e308, max: 1e308 } }, /a finite difference/],
    [{ wear: 'much' }, /expected up to 1024 values, each once, or \{ min, max \}/],
    [{ wear: { min: 0, max: null } }, /./],
    [{ 'a.b': ['x'] }, /expected a name without dots and control characters/],
    [['hair'], /expected the attributes by name/],
    [Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, ['x']])), /expected at most 64 attributes/],
  ])('refuses %j', (vocabulary, message) => {
    const { issues } = v.safeParse(VOCABULARY_SCHEMA, vocabulary);
    expect(issues?.map((issue) => issue.message).join()).toMatch(message);
  });
});
