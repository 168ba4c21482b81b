import { expect, it } from 'vitest';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { fitImages } from './fitImages.ts';

const dataset = tinyDataset();
const FORMAT = { widthPx: 8, heightPx: 8, channels: 4 as const };

it('leaves pictures alone that a model can encode', () => {
  expect(fitImages(dataset, FORMAT)).toBe(dataset);
});

it('makes opaque pictures RGBA where the model takes alpha', () => {
  const opaque = { ...dataset, channels: 3 as const, images: dataset.images.filter((_, i) => i % 4 !== 3) };
  const { channels, images, classLabels } = fitImages(opaque, FORMAT);
  expect(channels).toBe(4);
  expect(images).toEqual(dataset.images.map((value, i) => (i % 4 === 3 ? 255 : value)));
  expect(classLabels).toBe(dataset.classLabels);
});

it('says what does not fit', () => {
  expect(() => fitImages(dataset, { ...FORMAT, widthPx: 4 })).toThrow(/are 8×8 px, those of the model 4×8; .*--shrink/);
  expect(() => fitImages(dataset, { ...FORMAT, channels: 3 })).toThrow(/have alpha, which the model does not take/);
});
