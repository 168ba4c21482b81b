import { describe, expect, it } from 'vitest';
import { fromPixels, joinMaps, MIN_ALPHA, takeChannels, toMapPixels, toPixels, toPremultiplied } from './pixels.ts';

describe('toPremultiplied', () => {
  it('multiplies colour by alpha and maps 0…255 to −1…1', () => {
    const values = toPremultiplied(Uint8Array.of(255, 0, 51, 255, 255, 128, 0, 102), 4);
    // 102/255 = 0.4; 255·0.4 → 0.4 of the range; 128/255·0.4 = 0.20078
    const expected = [1, -1, -0.6, 1, -0.2, -0.59843137, -1, -0.2];
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });

  it('hides the colour of transparent pixels', () => {
    expect([...toPremultiplied(Uint8Array.of(200, 100, 50, 0), 4)]).toEqual([-1, -1, -1, -1]);
  });

  it('treats RGB as opaque', () => {
    const values = toPremultiplied(Uint8Array.of(255, 0, 127), 3);
    expect([...values.slice(0, 2)]).toEqual([1, -1]);
    expect(values[2]).toBeCloseTo(-1 / 255, 7);
  });

  it('writes into the given array', () => {
    const out = new Float32Array(4);
    expect(toPremultiplied(Uint8Array.of(255, 255, 255, 255), 4, out)).toBe(out);
    expect([...out]).toEqual([1, 1, 1, 1]);
  });

  it('refuses lengths that do not fit', () => {
    expect(() => toPremultiplied(new Uint8Array(6), 4)).toThrow(/toPremultiplied: length 6 is not a whole number/);
    expect(() => toPremultiplied(new Uint8Array(8), 4, new Float32Array(4))).toThrow(/out has 4 values; expected 8/);
    expect(() => toPremultiplied(new Uint8Array(8), 2 as 3)).toThrow(/channels is 2; expected 3 or 4/);
  });
});

describe('fromPixels', () => {
  const PIXELS = Uint8Array.of(200, 100, 50, 255, 10, 250, 128, 102);

  it.each([
    { channels: 4, premultiplied: true },
    { channels: 4, premultiplied: false },
  ] as const)('is undone by toPixels: %j', ({ channels, premultiplied }) => {
    const values = fromPixels(PIXELS, channels, { premultiplied });
    expect(toPixels(values, channels, { premultiplied })).toEqual(PIXELS);
  });

  it('multiplies colour by alpha unless told, and leaves alpha out of RGB', () => {
    expect(fromPixels(PIXELS, 4)).toEqual(toPremultiplied(PIXELS, 4));
    const straight = fromPixels(PIXELS, 4, { premultiplied: false });
    expect(straight[5]).toBeCloseTo(250 / 127.5 - 1, 6);
    const rgb = [200, 100, 50, 10, 250, 128].map((byte) => byte / 127.5 - 1);
    fromPixels(PIXELS, 3).forEach((value, i) => {
      expect(value).toBeCloseTo(rgb[i]!, 6);
    });
  });

  it('refuses what is not RGBA', () => {
    expect(() => fromPixels(new Uint8Array(6), 4)).toThrow(/fromPixels: length 6 is not a whole number of pixels/);
  });
});

describe('toPixels', () => {
  it('returns every colour and alpha it was given, from MIN_ALPHA on', () => {
    const pixels = new Uint8Array(256 * 256 * 4);
    for (let alpha = 0, at = 0; alpha < 256; alpha++) {
      for (let colour = 0; colour < 256; colour++, at += 4) pixels.set([colour, 255 - colour, 7, alpha], at);
    }
    const back = toPixels(toPremultiplied(pixels, 4), 4);
    const expected = pixels.map((byte, i) => (pixels[i | 3]! < MIN_ALPHA ? 0 : byte));
    expect(Buffer.compare(back, expected)).toBe(0);
  });

  it('clamps, rounds and survives NaN', () => {
    expect([...toPixels(Float32Array.of(2, -2, 0.999, 1.5), 4)]).toEqual([255, 0, 255, 255]);
    expect([...toPixels(Float32Array.of(Number.NaN, 0, 1, Number.NaN), 4)]).toEqual([0, 0, 0, 0]);
    expect([...toPixels(Float32Array.of(Number.NaN, -1, 1), 3)]).toEqual([0, 0, 255, 255]);
  });

  it('clamps colour that is brighter than its alpha allows', () => {
    expect([...toPixels(Float32Array.of(1, 0, -1, 0), 4).slice(0, 3)]).toEqual([255, 255, 0]);
  });

  it('keeps straight colour when told that it is straight', () => {
    const half = 2 * (128 / 255) - 1;
    expect([...toPixels(Float32Array.of(half, -1, 1, half), 4, { premultiplied: false })]).toEqual([128, 0, 255, 128]);
    expect([...toPixels(Float32Array.of(half, -1, -1, half), 4)]).toEqual([255, 0, 0, 128]);
  });

  it('makes nearly transparent pixels transparent black', () => {
    const values = (alpha: number) => Float32Array.of(-1, -1, -1, 2 * (alpha / 255) - 1);
    expect(toPixels(values(7), 4)[3]).toBe(0);
    expect(toPixels(values(8), 4)[3]).toBe(8);
  });
});

describe('the pixels of materials', () => {
  const picture = Uint8Array.of(10, 20, 30, 11, 21, 31);
  const maps = Uint8Array.of(40, 50, 60, 41, 51, 61);
  const material = joinMaps(picture, maps);

  it('have maps behind the colours', () => {
    expect([...material]).toEqual([10, 20, 30, 40, 50, 60, 11, 21, 31, 41, 51, 61]);
    expect(takeChannels(material, 6, 0)).toEqual(picture);
    expect(takeChannels(material, 6, 3)).toEqual(maps);
  });

  it('become two pictures', () => {
    const values = toPremultiplied(material, 6);
    expect(values[3]).toBeCloseTo(40 / 127.5 - 1, 6);
    expect([...toPixels(values, 6)]).toEqual([10, 20, 30, 255, 11, 21, 31, 255]);
    expect([...toMapPixels(values)]).toEqual([40, 50, 60, 255, 41, 51, 61, 255]);
    expect([...toMapPixels(Float32Array.of(0, 0, 0, 2, Number.NaN, -2))]).toEqual([255, 0, 0, 255]);
    expect(() => toMapPixels(new Float32Array(8))).toThrow(/toMapPixels: length 8 is not a whole number of pixels/);
  });
});
