import { expect, it } from 'vitest';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { append } from './append.ts';
import { selectLabels } from './selectLabels.ts';

const FIRST = { ...selectLabels(tinyDataset(), ['ramp', 'disc']), licence: 'CC0', attribution: 'Ann' };
const OTHER = { ...tinyDataset({ seed: 2, perClass: 2 }), licence: 'CC0', attribution: 'Bob' };

it('puts images of known classes behind, and names both authors', () => {
  const both = append(FIRST, OTHER);
  expect(both).toMatchObject({ labels: ['ramp', 'disc'], licence: 'CC0', attribution: 'Ann; Bob' });
  const numFirst = FIRST.classLabels.length;
  expect([...both.classLabels.subarray(numFirst)]).toEqual([1, 0, 1, 0]); // of stripes, disc, ramp, stripes, disc, ramp
  expect(both.images.subarray(0, FIRST.images.length)).toEqual(FIRST.images);
  const size = 8 * 8 * 4;
  expect(both.images.subarray((numFirst + 1) * size, (numFirst + 2) * size)).toEqual(
    OTHER.images.subarray(2 * size, 3 * size),
  );
  expect(both.images).toHaveLength(both.classLabels.length * size);
});

it('refuses another size, and a data set with nothing in common', () => {
  expect(() => append(FIRST, tinyDataset({ widthPx: 4 }))).toThrow('4x8 px, 4 channels; expected 8x8 px');
  expect(() => append(FIRST, selectLabels(OTHER, ['stripes']))).toThrow('no image of a class of "tiny": ramp, disc');
});
