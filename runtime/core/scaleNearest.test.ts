import { describe, expect, it } from 'vitest';
import { scaleNearest, scaleSheet } from './scaleNearest.ts';

describe('scaleNearest', () => {
  it('repeats pixels as blocks', () => {
    const [a, b] = [
      [1, 2, 3],
      [4, 5, 6],
    ] as const;
    const [c, d] = [
      [7, 8, 9],
      [10, 11, 12],
    ] as const;
    const scaled = scaleNearest(Uint8Array.from([a, b, c, d].flat()), 2, 2, 2);
    expect([...scaled]).toEqual([a, a, b, b, a, a, b, b, c, c, d, d, c, c, d, d].flat());
  });

  it('refuses factors and sizes that do not fit', () => {
    expect(() => scaleNearest(new Uint8Array(4), 1, 1, 1.5)).toThrow(/scaleNearest: scale is 1.5/);
    expect(() => scaleNearest(new Uint8Array(10), 1, 2, 2)).toThrow(/10 bytes for 1×2 pixels; expected 3 .* or 4/);
  });

  it('takes a sheet with its size', () => {
    const sheet = { width: 2, height: 1, channels: 3 as const, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    const scaled = scaleSheet(sheet, 2);
    expect(scaled).toMatchObject({ width: 4, height: 2, channels: 3 });
    expect(Array.from(scaled.pixels.subarray(0, 12))).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
  });
});
