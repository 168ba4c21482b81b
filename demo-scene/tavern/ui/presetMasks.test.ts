import { expect, it } from 'vitest';
import { maskOf, presetsFor } from './presetMasks.ts';

it('keeps the face when the hair is chosen', () => {
  const mask = maskOf(presetsFor('portraits').Hair!, 32, 32);
  const at = (x: number, y: number) => mask[32 * y + x];
  expect([at(16, 12), at(4, 30), at(27, 30), at(16, 23)]).toEqual([255, 255, 255, 255]);
  expect([at(16, 24), at(8, 31), at(23, 31)]).toEqual([0, 0, 0]);
});

it('halves other pictures, no pixel in both', () => {
  const [upper, lower] = Object.values(presetsFor('items')).map((part) => maskOf(part, 8, 6));
  expect(upper!.every((value, i) => value + lower![i]! === 255)).toBe(true);
  expect([upper![23], upper![24]]).toEqual([255, 0]);
});
