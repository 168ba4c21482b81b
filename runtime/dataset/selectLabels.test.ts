import { expect, it } from 'vitest';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { selectLabels } from './selectLabels.ts';

const DATASET = { ...tinyDataset(), sources: Array.from({ length: 18 }, (_, i) => `image ${i}`) };

it('keeps the images of the named classes, in the order of the data set', () => {
  const { labels, classLabels, images, sources } = selectLabels(DATASET, ['ramp', 'stripes']);
  expect(labels).toEqual(['ramp', 'stripes']);
  expect([...classLabels]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  const size = 8 * 8 * 4;
  expect(images).toHaveLength(12 * size);
  expect(images.subarray(size, 2 * size)).toEqual(DATASET.images.subarray(2 * size, 3 * size));
  expect(sources?.slice(0, 3)).toEqual(['image 0', 'image 2', 'image 3']);
});

it('names the labels that are missing', () => {
  expect(() => selectLabels(DATASET, ['disc', 'cat'])).toThrow('the data lack cat; known labels: stripes, disc, ramp');
  expect(() => selectLabels(DATASET, [])).toThrow('no label is named');
});
