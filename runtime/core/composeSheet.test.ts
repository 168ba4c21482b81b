import { describe, expect, it } from 'vitest';
import { composeSheet } from './composeSheet.ts';

describe('composeSheet', () => {
  const tile = (value: number) => new Uint8Array(2 * 1 * 4).fill(value);

  it('fills rows from the left and leaves the rest empty', () => {
    const { width, height, channels, pixels } = composeSheet([tile(1), tile(2), tile(3)], 2, 2, 1);
    expect({ width, height, channels }).toEqual({ width: 4, height: 2, channels: 4 });
    expect([...pixels]).toEqual([...tile(1), ...tile(2), ...tile(3), ...tile(0)]);
  });

  it('interleaves the rows of tiles that are higher than one pixel', () => {
    const tall = (top: number, bottom: number) => Uint8Array.of(top, top, top, bottom, bottom, bottom);
    const { pixels } = composeSheet([tall(1, 2), tall(3, 4)], 5, 1, 2);
    expect([...pixels]).toEqual([1, 1, 1, 3, 3, 3, 2, 2, 2, 4, 4, 4]);
  });

  it('refuses no tiles and unequal tiles', () => {
    expect(() => composeSheet([], 2, 2, 1)).toThrow(/there are no tiles/);
    expect(() => composeSheet([tile(1), new Uint8Array(6)], 2, 2, 1)).toThrow(/tile 1 has 6 bytes; expected 8/);
    expect(() => composeSheet([tile(1)], 0, 2, 1)).toThrow(/columns is 0/);
  });
});
