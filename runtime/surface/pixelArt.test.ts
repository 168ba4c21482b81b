import { describe, expect, it } from 'vitest';
import { integers } from '../core/random.ts';
import { rollImage } from '../testing/roll.ts';
import { snapToPalette } from './palette.ts';
import { pixelArt, scalePixelArt } from './pixelArt.ts';

/** A picture of letters, one colour each, as its bytes and back. */
const toBytes = (rows: string[]) =>
  Uint8Array.from(
    rows
      .join('')
      .split('')
      .flatMap((c) => [c.charCodeAt(0), 9, 9, 255]),
  );
const toRows = (pixels: ArrayLike<number>, width: number) =>
  Array.from({ length: pixels.length / 4 / width }, (_, y) =>
    Array.from({ length: width }, (_, x) => String.fromCharCode(pixels[4 * (y * width + x)]!)).join(''),
  );

describe('scalePixelArt', () => {
  it('rounds the stairs of a slanted edge', () => {
    const { pixels, width, height } = scalePixelArt(toBytes(['..A', '.AA', 'AAA']), 3, 3, {
      tolerance: 0,
      wraps: false,
    });
    expect([width, height]).toEqual([6, 6]);
    expect(toRows(pixels, 6)).toEqual(['....AA', '...AAA', '...AAA', '.AAAAA', 'AAAAAA', 'AAAAAA']);
  });

  it('leaves straight edges and single pixels as blocks', () => {
    const { pixels } = scalePixelArt(toBytes(['....', '.B..', '....', 'AAAA']), 4, 4, { tolerance: 0, wraps: false });
    expect(toRows(pixels, 8).slice(1, 5)).toEqual(['........', '..BB....', '..BB....', '........']);
    expect(toRows(pixels, 8)[6]).toBe('AAAAAAAA');
  });

  it('is EPX as Johnston wrote it, on random pictures, around the edges', () => {
    const [W, H] = [7, 6];
    const letters = integers(3, 0, W * H, 3);
    const at = (x: number, y: number) => letters[((y + H) % H) * W + ((x + W) % W)]!;
    const expected = new Array<number>(4 * W * H);
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        const [p, a, b, c, d] = [at(x, y), at(x, y - 1), at(x + 1, y), at(x - 1, y), at(x, y + 1)];
        const one = c === a && c !== d && a !== b ? a : p;
        const two = a === b && a !== c && b !== d ? b : p;
        const three = d === c && d !== b && c !== a ? c : p;
        const four = b === d && b !== a && d !== c ? d : p;
        for (const [i, value] of [one, two, three, four].entries()) {
          expected[(2 * y + (i >> 1)) * 2 * W + 2 * x + (i & 1)] = value;
        }
      }
    }
    const pixels = Uint8Array.from([...letters].flatMap((letter) => [letter, 0, 0]));
    const scaled = scalePixelArt(pixels, W, H, { tolerance: 0 });
    expect([...scaled.pixels].filter((_, i) => i % 3 === 0)).toEqual(expected);
  });

  it('takes colours within the tolerance for equal, and invents none', () => {
    const pixels = toBytes(['..A', '.BB', 'ABA']);
    const stairs = (tolerance: number) => toRows(scalePixelArt(pixels, 3, 3, { tolerance, wraps: false }).pixels, 6);
    expect(stairs(0)[1]).toBe('....AA');
    expect(stairs(1)[1]).toBe('...AAA');
    expect(new Set(stairs(30).join(''))).toEqual(new Set('.AB'));
  });

  it('at 4× is twice at 2×, and rolls with its picture', () => {
    const pixels = Uint8Array.from(integers(4, 0, 4 * 8 * 6, 2), (bit) => 255 * bit);
    const twice = scalePixelArt(pixels, 8, 6);
    const fourfold = scalePixelArt(pixels, 8, 6, { factor: 4 });
    expect(fourfold).toEqual(scalePixelArt(twice.pixels, 16, 12));
    const rolled = scalePixelArt(Uint8Array.from(rollImage(pixels, 8, 6, 2, 3)), 8, 6, { factor: 4 });
    expect([...rolled.pixels]).toEqual([...rollImage(fourfold.pixels, 32, 24, 8, 12)]);
  });

  it('refuses another factor', () => {
    expect(() => scalePixelArt(new Uint8Array(4), 1, 1, { factor: 3 as 2 })).toThrow(/factor is 3; expected 2 or 4/);
    expect(() => scalePixelArt(new Uint8Array(5), 1, 1)).toThrow(/scalePixelArt: 5 bytes for 1×1 pixels/);
  });
});

const PALETTE = ['#1a1c2c', '#b13e53', '#ffcd75', '#38b764'];
const pixels = Uint8Array.from(integers(1, 0, 4 * 12 * 8, 256));

it('pixelArt snaps first, then enlarges', () => {
  const snapped = snapToPalette(pixels, 12, 8, PALETTE, { dither: 0.2 });
  const expected = scalePixelArt(snapped, 12, 8, { factor: 4, tolerance: 3, wraps: false });
  const options = { palette: PALETTE, dither: 0.2, factor: 4, tolerance: 3, wraps: false } as const;
  expect(pixelArt(pixels, 12, 8, options)).toEqual(expected);
});

it('pixelArt leaves out what is not asked for', () => {
  expect(pixelArt(pixels, 12, 8)).toEqual({ width: 12, height: 8, channels: 4, pixels });
  expect(pixelArt(pixels, 12, 8, { palette: PALETTE }).pixels).toEqual(snapToPalette(pixels, 12, 8, PALETTE));
  expect(pixelArt(pixels, 12, 8, { factor: 2 })).toEqual(scalePixelArt(pixels, 12, 8));
  expect(() => pixelArt(pixels, 12, 9)).toThrow(/pixelArt: 384 bytes for 12×9 pixels/);
});

it('pixelArt refuses dithering out of range, also where there is no palette', () => {
  const message = 'pixelArt: dither is 3; expected 0 to 1';
  expect(() => pixelArt(pixels, 12, 8, { factor: 2, dither: 3 })).toThrow(message);
  expect(() => pixelArt(pixels, 12, 8, { palette: PALETTE, dither: 3 })).toThrow(message);
});
