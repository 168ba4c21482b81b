import { describe, expect, it } from 'vitest';
import { type Oklab, toOklab } from '../core/oklab.ts';
import { integers, normals } from '../core/random.ts';
import { scaleNearest } from '../core/scaleNearest.ts';
import { ownPalette, toWholeOklab } from './ownPalette.ts';
import { pixelArt } from './pixelArt.ts';

type Rgb = [red: number, green: number, blue: number];

const rgba = (colours: readonly Rgb[]) => Uint8Array.from(colours.flatMap((colour) => [...colour, 255]));
const hex = (colour: Rgb) => `#${colour.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
const fromHex = (text: string) => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) as Rgb;
const squared = (a: Oklab, b: Oklab) => a.reduce((sum, value, c) => sum + (value - b[c]!) ** 2, 0);

/** The sum of squared distances in Oklab to each pixel's nearest colour of a palette. */
function errorOf(colours: readonly Rgb[], palette: readonly Rgb[]): number {
  const labs = palette.map((colour) => toOklab(...colour));
  return colours.reduce((sum, colour) => {
    const lab = toOklab(...colour);
    return sum + Math.min(...labs.map((other) => squared(lab, other)));
  }, 0);
}

/** Ramps of light and shade on some surfaces, with noise: what painted pictures are made of. */
function paintedPicture(seed: number, sidePx: number): Rgb[] {
  const hues = integers(seed, 0, 12, 200);
  const noise = normals(seed, 1, 3 * sidePx ** 2);
  return Array.from({ length: sidePx ** 2 }, (_, i): Rgb => {
    const [x, y] = [i % sidePx, Math.floor(i / sidePx)];
    const surface = 2 * Math.floor((2 * y) / sidePx) + Math.floor((2 * x) / sidePx);
    const light = 0.5 + x / sidePx;
    const byte = (c: number) => Math.round(light * hues[3 * surface + c]! + 5 * noise[3 * i + c]!);
    return [0, 1, 2].map((c) => Math.min(Math.max(byte(c), 0), 255)) as Rgb;
  });
}

describe('toWholeOklab', () => {
  it('is toOklab in units of 2^-15', () => {
    const bytes = integers(1, 0, 3 * 2000, 256);
    for (let i = 0; i < bytes.length; i += 3) {
      const colour = [bytes[i]!, bytes[i + 1]!, bytes[i + 2]!] as Rgb;
      for (const [c, value] of toWholeOklab(...colour).entries()) {
        expect(Math.abs(value / 2 ** 15 - toOklab(...colour)[c]!)).toBeLessThan(2e-4);
      }
    }
  });

  it('tells neighbouring colours apart, also dark and saturated ones', () => {
    for (const colour of [...integers(2, 0, 500, 255)].map((byte, i): Rgb => [byte, i % 255, (7 * i) % 255])) {
      for (const c of [0, 1, 2]) {
        const next = colour.map((byte, i) => byte + Number(i === c)) as Rgb;
        expect(toWholeOklab(...next)).not.toEqual(toWholeOklab(...colour));
      }
    }
  });
});

describe('ownPalette', () => {
  it.each([2, 24, 256])('keeps every pixel of a picture of %i colours', (numColours) => {
    const bytes = integers(3, 0, 3 * numColours, 256);
    const colours = Array.from({ length: numColours }, (_, i) => [...bytes.subarray(3 * i, 3 * i + 3)] as Rgb);
    const pixels = rgba([...colours, ...[...integers(4, 0, 1024 - numColours, numColours)].map((i) => colours[i]!)]);
    expect(pixelArt(pixels, 32, 32, { colours: numColours }).pixels).toEqual(pixels);
    expect(ownPalette(pixels, 32, 32, 256).sort()).toEqual(colours.map(hex).sort());
  });

  it('finds the two colours of two groups: of each the pixel nearest to its mean', () => {
    const noise = integers(5, 0, 3 * 256, 25);
    const groups: [Rgb[], Rgb[]] = [[], []];
    const picture = Array.from({ length: 256 }, (_, i) => {
      const isSkin = i % 5 === 0;
      const colour = [0, 1, 2].map((c) => (isSkin ? [200, 140, 110] : [20, 60, 130])[c]! + noise[3 * i + c]!) as Rgb;
      groups[isSkin ? 0 : 1].push(colour);
      return colour;
    });
    const palette = ownPalette(rgba(picture), 16, 16, 2).map(fromHex);
    for (const group of groups) {
      const members = palette.filter((colour) => group.some((one) => hex(one) === hex(colour)));
      expect(members).toHaveLength(1);
      const labs = group.map((colour) => toOklab(...colour));
      const mean = [0, 1, 2].map((c) => labs.reduce((sum, lab) => sum + lab[c]!, 0) / labs.length) as unknown as Oklab;
      const best = Math.min(...labs.map((lab) => Math.sqrt(squared(lab, mean))));
      expect(Math.sqrt(squared(toOklab(...members[0]!), mean))).toBeLessThan(best + 5e-4);
    }
  });

  it('errs less than median cut does with the means of its boxes', () => {
    for (const seed of [1, 2, 3, 4]) {
      const picture = paintedPicture(seed, 24);
      for (const numColours of [4, 8, 12, 24]) {
        const ours = errorOf(picture, ownPalette(rgba(picture), 24, 24, numColours).map(fromHex));
        expect(ours).toBeLessThan(errorOf(picture, medianCut(picture, numColours)));
      }
    }
  });

  it('errs at most by half more than the best of all palettes of a tiny picture', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const picture = paintedPicture(seed, 4);
      for (const numColours of [2, 3]) {
        const ours = errorOf(picture, ownPalette(rgba(picture), 4, 4, numColours).map(fromHex));
        const best = Math.min(...subsets(picture, numColours).map((palette) => errorOf(picture, palette)));
        expect(ours / best).toBeLessThan(1.5);
      }
    }
  });

  it('keeps the colour of an eye of one pixel', () => {
    const noise = normals(7, 0, 1024);
    const skin = Array.from(
      noise,
      (value, i) => [200, 140, 110].map((byte) => Math.round(byte * (0.5 + (i % 32) / 64) + 6 * value)) as Rgb,
    );
    skin[300] = [40, 120, 255];
    expect(ownPalette(rgba(skin), 32, 32, 8)).toContain('#2878ff');
    expect(medianCut(skin, 8).map(hex)).not.toContain('#2878ff');
  });

  it('looks at visible pixels alone', () => {
    const pixels = rgba(paintedPicture(8, 16));
    const changed = Uint8Array.from(pixels);
    for (let i = 0; i < 100; i++) {
      pixels[4 * i + 3] = changed[4 * i + 3] = i;
      changed.set([255, 0, 255], 4 * i);
    }
    expect(ownPalette(changed, 16, 16, 8)).toEqual(ownPalette(pixels, 16, 16, 8));
    const nothing = pixels.map((byte, i) => (i % 4 === 3 ? 127 : byte));
    expect(ownPalette(nothing, 16, 16, 8)).toEqual([]);
    expect(pixelArt(nothing, 16, 16, { colours: 8 }).pixels).toEqual(nothing);
  });

  it('depends on the picture alone, with or without alpha, and at twice its size', () => {
    const colours = paintedPicture(9, 128);
    const palette = ownPalette(rgba(colours), 128, 128, 6);
    expect(ownPalette(rgba(colours), 128, 128, 6)).toEqual(palette);
    expect(ownPalette(Uint8Array.from(colours.flat()), 128, 128, 6)).toEqual(palette);
    expect(ownPalette(scaleNearest(rgba(colours), 128, 128, 2), 256, 256, 6)).toEqual(palette);
  });

  it('takes its colours from the picture, each once, and no more than there are', () => {
    const picture = paintedPicture(10, 16);
    const palette = ownPalette(rgba(picture), 16, 16, 20);
    expect(new Set(palette).size).toBe(20);
    expect(palette.filter((colour) => !picture.map(hex).includes(colour))).toEqual([]);
    expect(ownPalette(rgba([[9, 9, 9]]), 1, 1, 20)).toEqual(['#090909']);
  });

  it.each([
    [1, /colours is 1; expected 2 to 256/],
    [257, /colours is 257; expected 2 to 256/],
    [2.5, /colours is 2.5; expected a whole number/],
    ['8', /colours is "8"; expected a whole number/],
  ])('refuses %j colours', (numColours, message) => {
    expect(() => ownPalette(new Uint8Array(4), 1, 1, numColours as number)).toThrow(message);
    expect(() => pixelArt(new Uint8Array(4), 1, 1, { colours: numColours as number })).toThrow(message);
  });

  it('refuses bytes that are no picture, and a palette beside it', () => {
    expect(() => ownPalette(new Uint8Array(5), 1, 1, 2)).toThrow(/ownPalette: 5 bytes for 1×1 pixels/);
    expect(() => pixelArt(new Uint8Array(4), 1, 1, { colours: 2, palette: ['#ffffff'] })).toThrow(
      /both palette and colours are given; expected one of them; leave out colours/,
    );
  });
});

/** Splits the box with the longest side at its median until there are enough; Heckbert 1982, in Oklab. */
function medianCut(picture: readonly Rgb[], numColours: number): Rgb[] {
  const boxes = [picture.map((rgb) => ({ rgb, lab: toOklab(...rgb) }))];
  const extent = (box: (typeof boxes)[number], c: number) => {
    const values = box.map(({ lab }) => lab[c]!);
    return Math.max(...values) - Math.min(...values);
  };
  while (boxes.length < numColours) {
    const sides = boxes.flatMap((box, i) => [0, 1, 2].map((c) => ({ i, c, length: extent(box, c) })));
    const { i, c } = sides.reduce((longest, side) => (side.length > longest.length ? side : longest));
    const box = boxes[i]!.sort((a, b) => a.lab[c]! - b.lab[c]!);
    boxes.splice(i, 1, box.slice(0, box.length >> 1), box.slice(box.length >> 1));
  }
  return boxes.map((box) => [0, 1, 2].map((c) => box.reduce((sum, { rgb }) => sum + rgb[c]!, 0) / box.length) as Rgb);
}

function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}
