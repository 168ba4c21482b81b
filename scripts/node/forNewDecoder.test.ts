import { expect, it } from 'vitest';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { forNewDecoder } from './forNewDecoder.ts';

const filesWith = (entries: object) => ({
  'vae/config.json': new Uint8Array(1),
  'model_index.json': encodeJson({ labels: ['elf'], figment: { name: 'busts', sha256: { a: 'b' }, ...entries } }),
});

it('takes the offsets of its colours from a palette, and the grain out, and nothing else', () => {
  const palette = { colours: 'c', logits: 'l', places: { parts: 'p' } };
  const [offsets, grain] = ['o', { side: 3 }];
  expect(forNewDecoder(filesWith({ palette: { ...palette, offsets } }))).toEqual(filesWith({ palette }));
  expect(forNewDecoder(filesWith({ grain }))).toEqual(filesWith({}));
  expect(forNewDecoder(filesWith({ palette: { ...palette, offsets }, grain }))).toEqual(filesWith({ palette }));
});

it.each([{}, { palette: { colours: 'c' } }])('leaves a model as it is that has %j', (entries) => {
  const files = filesWith(entries);
  expect(forNewDecoder(files)).toBe(files);
});
