import { describe, expect, it } from 'vitest';
import { toOklab } from '../core/oklab.ts';
import { integers } from '../core/random.ts';
import { rollImage } from '../testing/roll.ts';
import { BAYER_THRESHOLDS, parsePalette, snapToPalette } from './palette.ts';

const PALETTE = ['#1a1c2c', '#5d275d', '#b13e53', '#ef7d57', '#ffcd75', '#a7f070', '#38b764', '#257179'];

describe('snapToPalette', () => {
  it('gives the nearest colour of all, and keeps alpha', () => {
    const pixels = Uint8Array.from(integers(1, 0, 4 * 30 * 20, 256));
    const snapped = snapToPalette(pixels, 30, 20, PALETTE);
    const colours = parsePalette(PALETTE);
    const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
      const [p, q] = [toOklab(a[0]!, a[1]!, a[2]!), toOklab(b[0]!, b[1]!, b[2]!)];
      return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    };
    for (let at = 0; at < pixels.length; at += 4) {
      const given = snapped.subarray(at, at + 4);
      expect(given[3]).toBe(pixels[at + 3]);
      expect(colours.map(String)).toContain(String([...given.subarray(0, 3)]));
      const least = Math.min(...colours.map((colour) => distance(colour, pixels.subarray(at))));
      expect(distance(given, pixels.subarray(at))).toBeCloseTo(least, 12);
    }
  });

  it('mixes two colours in the share that a grey lies between them', () => {
    for (const grey of [64, 128, 192]) {
      const pixels = new Uint8Array(3 * 64).fill(grey);
      const snapped = snapToPalette(pixels, 8, 8, ['#000000', '#ffffff'], { dither: 1 });
      const isWhite = Array.from({ length: 64 }, (_, i) => snapped[3 * i] === 255);
      // Oklab puts the border between black and white at grey 99.
      const expected = BAYER_THRESHOLDS.map((threshold) => grey + Math.round(255 * threshold) > 99);
      expect(isWhite).toEqual(expected);
      expect(new Set(isWhite).size).toBe(2);
    }
  });

  it('leaves a picture of the palette as it is, when it does not dither', () => {
    const pixels = Uint8Array.from(parsePalette(PALETTE).flat());
    expect(snapToPalette(pixels, 4, 2, PALETTE)).toEqual(pixels);
  });

  it('rolls with its picture, by whole patterns where it dithers', () => {
    const pixels = Uint8Array.from(integers(2, 0, 3 * 24 * 16, 256));
    const rolled = Uint8Array.from(rollImage(pixels, 24, 16, 8, 16));
    const options = { dither: 0.3 };
    const expected = rollImage(snapToPalette(pixels, 24, 16, PALETTE, options), 24, 16, 8, 16);
    expect([...snapToPalette(rolled, 24, 16, PALETTE, options)]).toEqual([...expected]);
  });

  it('refuses what is no palette', () => {
    const pixels = new Uint8Array(3);
    expect(() => snapToPalette(pixels, 1, 1, [])).toThrow(/0 colours; expected 1 to 256/);
    expect(() => snapToPalette(pixels, 1, 1, 5 as never)).toThrow(/the palette is 5; expected 1 to 256 in a list/);
    expect(() => snapToPalette(pixels, 1, 1, ['x'.repeat(1e5)])).toThrow(/colour "x{79}…; expected #rrggbb/);
    expect(() => snapToPalette(pixels, 1, 1, ['#fff'])).toThrow(/colour "#fff"; expected #rrggbb/);
    expect(() => snapToPalette(pixels, 1, 1, PALETTE, { dither: 2 })).toThrow(/dither is 2; expected 0 to 1/);
  });
});

describe('Bayer thresholds', () => {
  it('are the published matrix', () => {
    const ranks = BAYER_THRESHOLDS.map((threshold) => (threshold + 0.5) * 64 - 0.5);
    expect(ranks.slice(0, 8)).toEqual([0, 32, 8, 40, 2, 34, 10, 42]);
    expect(ranks.slice(8, 16)).toEqual([48, 16, 56, 24, 50, 18, 58, 26]);
    expect([...ranks].sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });
});
