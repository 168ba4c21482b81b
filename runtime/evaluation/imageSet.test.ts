import { expect, it } from 'vitest';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { imagesOfClass, imagesOfDataset, imagesOfPixels } from './imageSet.ts';

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
