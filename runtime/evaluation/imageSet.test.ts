import { expect, it } from 'vitest';
import { withChannels } from '../core/pixels.ts';
import { albedoOf } from '../dataset/derive.ts';
import { mapsAt, pictureAt } from '../dataset/pictureAt.ts';
import { tinyDataset, tinyMaterials } from '../testing/tinyDataset.ts';
import {
  datasetOfPictures,
  drawPerClass,
  imagesOfClass,
  imagesOfDataset,
  imagesOfPixels,
  smallestClass,
} from './imageSet.ts';

const dataset = tinyDataset();
const LENGTH = 8 * 8 * 4;

it('reads generated pictures as it reads the data', () => {
  const indices = Int32Array.of(4, 1, 7);
  const real = imagesOfDataset(dataset, indices);
  const pictures = Array.from(indices, (i) => dataset.images.slice(i * LENGTH, (i + 1) * LENGTH));
  expect(real.shape).toEqual([8, 8, 4]);
  expect(Array.from(real.classLabels)).toEqual([1, 1, 1]);
  expect(imagesOfPixels(pictures, real.classLabels, dataset)).toEqual(real);
});

it('leaves out alpha where the data have none', () => {
  const picture = Uint8Array.of(255, 0, 51, 255, 0, 255, 0, 255);
  const { values } = imagesOfPixels([picture], Int32Array.of(0), { heightPx: 1, widthPx: 2, channels: 3 });
  expect(Array.from(values)).toEqual([1, -1, Math.fround(-0.6), -1, 1, -1]);
});

it('finds the images of a class', () => {
  const all = imagesOfDataset(dataset, Int32Array.from(dataset.classLabels.keys()));
  const discs = imagesOfClass(all, 1);
  expect(discs).toHaveLength(6);
  expect(discs[1]).toEqual(all.values.slice(4 * LENGTH, 5 * LENGTH));
});

const LABELS = Int32Array.from({ length: 60 }, (_, i) => i % 3);

it('draws equally many of each class, each once', () => {
  const drawn = drawPerClass(LABELS, 3, 5, 1);
  expect(Array.from(drawn, (position) => LABELS[position])).toEqual([0, 1, 2].flatMap((k) => new Array(5).fill(k)));
  expect(new Set(drawn).size).toBe(15);
  expect(drawPerClass(LABELS, 3, 5, 2)).not.toEqual(drawn);
  expect(drawPerClass(LABELS, 3, 5, 1)).toEqual(drawn);
});

it('takes all of a small class, and knows which is smallest', () => {
  const labels = Int32Array.of(1, 0, 1, 1);
  expect(drawPerClass(labels, 2, 2, 0)).toHaveLength(3);
  expect(smallestClass(labels, 2)).toBe(1);
  expect(smallestClass(labels, 3)).toBe(0);
});

it('makes a data set of generated pictures, with their maps', () => {
  for (const data of [tinyDataset(), albedoOf(tinyMaterials()), tinyMaterials()]) {
    const pictures = Array.from(data.classLabels.keys(), (image) => {
      const maps = mapsAt(data, image);
      return {
        pixels: Uint8Array.from(withChannels(pictureAt(data, image), 4)),
        maps: maps && Uint8Array.from(withChannels(maps, 4)),
      };
    });
    expect(datasetOfPictures(pictures, data.classLabels, data)).toEqual(data);
  }
});
