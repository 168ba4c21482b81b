import { expect, it } from 'vitest';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { withoutOffsets } from './withoutOffsets.ts';

const filesWith = (palette: object | undefined) => ({
  'vae/config.json': new Uint8Array(1),
  'model_index.json': encodeJson({ labels: ['elf'], figment: { name: 'busts', palette, sha256: { a: 'b' } } }),
});

it('takes the offsets of its colours from a palette, and nothing else', () => {
  const palette = { colours: 'c', logits: 'l', places: { parts: 'p' } };
  expect(withoutOffsets(filesWith({ ...palette, offsets: 'o' }))).toEqual(filesWith(palette));
});

it.each([undefined, { colours: 'c' }])('leaves a model as it is whose palette is %j', (palette) => {
  const files = filesWith(palette);
  expect(withoutOffsets(files)).toBe(files);
});
