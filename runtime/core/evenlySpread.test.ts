import { expect, it } from 'vitest';
import { evenlySpread } from './evenlySpread.ts';

it.each([
  [5, 'abd'],
  [3, 'abc'],
  [2, 'aab'],
  [9, 'adg'],
])('of %d letters, takes three: %s', (length, expected) => {
  expect(evenlySpread([...'abcdefghi'].slice(0, length), 3).join('')).toBe(expected);
});

it('takes none where none are asked for', () => {
  expect(evenlySpread(Int32Array.of(1, 2), 0)).toEqual([]);
});
