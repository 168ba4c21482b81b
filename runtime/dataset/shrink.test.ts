import { expect, it } from 'vitest';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { shrink } from './shrink.ts';

const shape = { name: 'd', labels: ['a'], licence: '', attribution: '', classLabels: Int32Array.of(0) };

it('is the mean of blocks', () => {
  const images = Uint8Array.from({ length: 4 * 2 * 3 }, (_, i) => 10 * i);
  const { widthPx, heightPx, images: small } = shrink({ ...shape, widthPx: 4, heightPx: 2, channels: 3, images }, 2);
  expect([widthPx, heightPx]).toEqual([2, 1]);
  const mean = (...at: number[]) => at.reduce((sum, i) => sum + images[i]!, 0) / 4;
  expect([...small]).toEqual([0, 1, 2, 6, 7, 8].map((i) => Math.round(mean(i, i + 3, i + 12, i + 15))));
});

it('lets what is transparent lend no colour', () => {
  const images = Uint8Array.of(200, 100, 0, 255, 9, 9, 9, 0, 100, 0, 50, 255, 7, 7, 7, 0);
  const { images: small } = shrink({ ...shape, widthPx: 2, heightPx: 2, channels: 4, images }, 2);
  expect([...small]).toEqual([150, 50, 25, 128]);
});

it('keeps the images apart, and classes and labels as they are', () => {
  const dataset = tinyDataset();
  const small = shrink(dataset, 4);
  expect(small).toMatchObject({ widthPx: 2, heightPx: 2, labels: dataset.labels, classLabels: dataset.classLabels });
  const second = shrink({ ...dataset, images: dataset.images.subarray(256, 512) }, 4).images;
  expect(small.images.subarray(16, 32)).toEqual(second);
});

it('refuses factors that do not divide', () => {
  for (const factor of [0, 3, 1.5, -2]) expect(() => shrink(tinyDataset(), factor)).toThrow(/divides 8 and 8/);
});
