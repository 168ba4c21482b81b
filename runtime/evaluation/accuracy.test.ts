import { expect, it } from 'vitest';
import { accuracyOf, attributeAccuracy } from './accuracy.ts';

it('counts the hits of each class, and every class alike', () => {
  const accuracy = accuracyOf(Int32Array.of(0, 1, 1, 2, 0), Int32Array.of(0, 0, 1, 1, 0), 3);
  expect(accuracy).toEqual({ overall: (2 / 3 + 1 / 2) / 2, perClass: [2 / 3, 1 / 2, Number.NaN] });
});

it('refuses sets that do not fit', () => {
  expect(() => accuracyOf(Int32Array.of(0), Int32Array.of(0, 0), 1)).toThrow('1 predictions for 2 images');
  expect(() => accuracyOf(Int32Array.of(), Int32Array.of(), 1)).toThrow('at least one');
});

it('counts words that are read right, and compares the order of numbers, where they are known', () => {
  const kinds = { hair: 3, wear: 'number' } as const;
  const expected = [0, 0.1, 1, 0.5, 2, -1, -1, 0.9, 1, 0.2];
  const read = [0, 0.3, 2, 0.4, 2, 0.9, 0, 0.7, 1, 0.35];
  const { hair, wear } = attributeAccuracy(kinds, read, expected, Int32Array.of(0, 0, 0, 1, 1));
  expect(hair).toBe((2 / 3 + 1) / 2);
  expect(wear).toBe(1);
  const reversed = attributeAccuracy({ wear: 'number' }, [3, 2, 2, 1], [0.1, 0.2, 0.3, 0.4], new Int32Array(4));
  // Ranks 3, 1.5, 1.5, 0 against 0, 1, 2, 3: covariance −4.5, variances 4.5 and 5.
  expect(reversed.wear).toBeCloseTo(-4.5 / Math.sqrt(4.5 * 5), 12);
  expect(attributeAccuracy({ hair: 2 }, [1], [-1], Int32Array.of(0))).toEqual({ hair: Number.NaN });
});
