import { expect, it } from 'vitest';
import { drawPerClass, smallestClass } from './drawPerClass.ts';

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
