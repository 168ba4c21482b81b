import { describe, expect, it } from 'vitest';
import { uniforms } from '../core/random.ts';
import { likeliestColours } from './likeliestColours.ts';
import { snapToPalette, toOklab } from './palette.ts';

const bytes = (seed: number, count: number) => Uint8Array.from(uniforms(seed, 0, count), (value) => 256 * value);

const COLOURS = bytes(1, 3 * 20);
const PIXELS = bytes(2, 4 * 16 * 16);
const FREE = new Float32Array(20);

const colourAt = (pixels: Uint8Array, at: number) => [...pixels.subarray(at, at + 3)] as [number, number, number];
const hex = ([red, green, blue]: number[]) =>
  `#${[red, green, blue].map((byte) => byte!.toString(16).padStart(2, '0')).join('')}`;

describe('likeliestColours', () => {
  it('are the nearest where all cost alike, and transparent pixels stay', () => {
    const pixels = Uint8Array.from(PIXELS);
    for (let at = 3; at < pixels.length; at += 8) pixels[at] = 0;
    const palette = Array.from({ length: 20 }, (_, i) => hex(colourAt(COLOURS, 3 * i)));
    const nearest = snapToPalette(pixels, 16, 16, palette);
    const found = likeliestColours(pixels, COLOURS, FREE);
    for (let at = 0; at < pixels.length; at += 4) {
      const expected = pixels[at + 3] === 0 ? pixels : nearest;
      expect([...found.subarray(at, at + 4)]).toEqual([...expected.subarray(at, at + 4)]);
    }
  });

  it('have the least squared distance and cost of all', () => {
    const costs = Float32Array.from(uniforms(3, 0, 20), (value) => 0.1 * value);
    const found = likeliestColours(PIXELS, COLOURS, costs);
    for (let at = 0; at < PIXELS.length; at += 4) {
      const own = toOklab(...colourAt(PIXELS, at));
      const totals = Array.from({ length: 20 }, (_, i) => {
        const other = toOklab(...colourAt(COLOURS, 3 * i));
        return own.reduce((sum, value, axis) => sum + (value - other[axis]!) ** 2, costs[i]!);
      });
      const best = totals.indexOf(Math.min(...totals));
      expect(colourAt(found, at)).toEqual(colourAt(COLOURS, 3 * best));
    }
  });

  it('refuses bytes, colours and costs that do not fit together', () => {
    expect(() => likeliestColours(new Uint8Array(6), COLOURS, FREE)).toThrow(/6 bytes, 20 colours and 20 costs/);
    expect(() => likeliestColours(PIXELS, COLOURS, FREE.subarray(1))).toThrow(/20 colours and 19 costs/);
    expect(() => likeliestColours(PIXELS, new Uint8Array(), new Float32Array())).toThrow(/0 colours/);
  });
});
