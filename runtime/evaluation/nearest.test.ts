import { expect, it } from 'vitest';
import { draw } from '../../scripts/testing/backends.ts';
import { flipHorizontal } from '../dataset/augment.ts';
import { nearestDistance } from './nearest.ts';

const SHAPE: [number, number, number] = [12, 10, 4];
const LENGTH = 480;
const images = Array.from({ length: 6 }, (_, seed) => draw(seed, [LENGTH]).values);

it('finds copies, mirrored ones too', () => {
  const mirrored = new Float32Array(LENGTH);
  flipHorizontal(images[3]!, mirrored, { heightPx: 12, widthPx: 10, channels: 4 });
  expect(nearestDistance([images[1]!, mirrored], images, SHAPE)).toEqual({ mean: 0, min: 0 });
});

it('is the mean absolute difference to the nearest image', () => {
  const near = images[2]!.map((value) => value + 0.25);
  const far = images[4]!.map((value) => value + 0.5);
  const { mean, min } = nearestDistance([far, near], images, SHAPE);
  expect(mean).toBeCloseTo(0.375, 5);
  expect(min).toBeCloseTo(0.25, 5);
});

it('refuses empty sets', () => {
  expect(() => nearestDistance([], images, SHAPE)).toThrow('0 images and 6 references');
});
