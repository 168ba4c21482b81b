import { describe, expect, it } from 'vitest';
import { toOklab } from '../core/oklab.ts';
import { OFFSET_STEP } from '../core/palettePrior.ts';
import { uniforms } from '../core/random.ts';
import { expectedColours as expected, pictureColours } from './expectedColours.ts';
import { snapToPalette } from './palette.ts';

const bytes = (seed: number, count: number) => Uint8Array.from(uniforms(seed, 0, count), (value) => 256 * value);

const NUM_COLOURS = 20;
const COLOURS = bytes(1, 3 * NUM_COLOURS);
const PIXELS = bytes(2, 4 * 16 * 16);
for (let at = 3; at < PIXELS.length; at += 28) PIXELS[at] = 0;

type Bytes = [red: number, green: number, blue: number];
const colourAt = (pixels: Uint8Array, at: number) => [...pixels.subarray(at, at + 3)] as Bytes;
const hex = ([red, green, blue]: number[]) =>
  `#${[red, green, blue].map((byte) => byte!.toString(16).padStart(2, '0')).join('')}`;

interface Palette {
  colours: Uint8Array;
  costs: Float32Array;
  deviation: number;
  sure: number;
}

const expectedColours = (pixels: Uint8Array, { costs, ...palette }: Palette) =>
  expected(pixels, pictureColours(palette, costs));

/** The mean of all colours by their probabilities, or the one that is sure, by the definition. */
function meanOf(pixel: Bytes, { costs, deviation, sure }: Palette): number[] {
  const own = toOklab(...pixel);
  const likelihoods = [...costs].map((cost, i) => {
    const other = toOklab(...colourAt(COLOURS, 3 * i));
    const distance = own.reduce((sum, value, axis) => sum + (value - other[axis]!) ** 2, 0);
    return Math.exp(-(distance + cost) / (2 * deviation ** 2));
  });
  const most = Math.max(...likelihoods);
  const weights = likelihoods.map((likelihood) => (likelihood < most * Math.exp(-5) ? 0 : likelihood));
  const sum = weights.reduce((a, b) => a + b);
  const best = weights.indexOf(Math.max(...weights));
  if (weights[best]! / sum >= sure) return colourAt(COLOURS, 3 * best);
  return [0, 1, 2].map((channel) => weights.reduce((mean, p, i) => mean + (p / sum) * COLOURS[3 * i + channel]!, 0));
}

describe('expectedColours', () => {
  it('are the nearest where there is no doubt, and transparent pixels stay', () => {
    const palette = Array.from({ length: NUM_COLOURS }, (_, i) => hex(colourAt(COLOURS, 3 * i)));
    const nearest = snapToPalette(PIXELS, 16, 16, palette);
    const found = expectedColours(PIXELS, {
      colours: COLOURS,
      costs: new Float32Array(NUM_COLOURS),
      deviation: 1e-4,
      sure: 1,
    });
    for (let at = 0; at < PIXELS.length; at += 4) {
      const expected = PIXELS[at + 3] === 0 ? PIXELS : nearest;
      expect([...found.subarray(at, at + 4)]).toEqual([...expected.subarray(at, at + 4)]);
    }
  });

  it.each([
    [0.03, 1],
    [0.1, 1],
    [1, 1],
    [0.05, 0.9],
    [0.05, 0],
  ])(
    'are the mean of the colours by their probabilities, with a deviation of %s, or one likelier than %s',
    (deviation, sure) => {
      const costs = Float32Array.from(uniforms(3, 0, NUM_COLOURS), (value) => 5 * deviation ** 2 * value);
      const found = expectedColours(PIXELS, { colours: COLOURS, costs, deviation, sure });
      for (let at = 0; at < PIXELS.length; at += 4) {
        expect(found[at + 3]).toBe(PIXELS[at + 3]);
        if (PIXELS[at + 3] === 0) continue;
        const mean = meanOf(colourAt(PIXELS, at), { colours: COLOURS, costs, deviation, sure });
        expect(colourAt(found, at)).toEqual(mean.map(Math.round));
      }
    },
  );

  it('lie in the middle of two colours that are as likely, and nearer to one that costs less', () => {
    const between = Uint8Array.of(128, 128, 128, 200);
    const two = { colours: Uint8Array.of(128, 128, 128, 128, 128, 128, 40, 80, 120), deviation: 0.1, sure: 1 };
    const costs = Float32Array.of(0, 0, 1e3);
    expect([...expectedColours(between, { ...two, costs })]).toEqual([...between]);
    const [dark, light] = [Uint8Array.of(0, 0, 0), Uint8Array.of(255, 255, 255)];
    const middle = 99; // Oklab's lightness is the cube root of the light: sRGB of 1/8
    const grey = (costs: Float32Array) =>
      expectedColours(Uint8Array.of(middle, middle, middle, 255), {
        colours: Uint8Array.of(...dark, ...light),
        costs,
        deviation: 0.3,
        sure: 1,
      })[0]!;
    expect(Math.abs(grey(Float32Array.of(0, 0)) - 127.5)).toBeLessThan(3);
    expect(grey(Float32Array.of(0, 0.18))).toBeCloseTo(255 / (1 + Math.E), -1);
  });

  it('are found around where colours are decoded', () => {
    const palette = { colours: Uint8Array.of(0, 0, 255, 120, 120, 120), deviation: 0.1, sure: 0 };
    const offsets = Int8Array.from([
      0,
      0,
      0,
      ...toOklab(0, 200, 0).map((value, axis) => (value - toOklab(120, 120, 120)[axis]!) / OFFSET_STEP),
    ]);
    const green = Uint8Array.of(10, 190, 5, 255);
    const found = expected(green, pictureColours({ ...palette, offsets }, new Float32Array(2)));
    expect([...found]).toEqual([120, 120, 120, 255]);
  });

  describe('of a palette that knows places', () => {
    const [width, height] = [16, 16];
    const layout = { widthPx: width / 2, heightPx: height, views: [1, 0] };
    const numParts = 3;
    const places = {
      parts: bytes(4, (numParts * 2 * width * height) / 2),
      shares: bytes(5, numParts * NUM_COLOURS).map((byte) => byte / 4),
    };
    const chance = (byte: number) => (byte === 255 ? 0 : Math.exp(-byte / 16));

    /** By the definition: in the picture the right frame has the first view. */
    function costsAt(pixel: number, { costs, deviation }: Palette): Float32Array {
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      const cell = ((x < width / 2 ? 1 : 0) * height + y) * (width / 2) + (x % (width / 2));
      return costs.map((cost, colour) => {
        let sum = 0;
        for (let part = 0; part < numParts; part++) {
          sum += chance(places.shares[numParts * colour + part]!) * chance(places.parts[numParts * cell + part]!);
        }
        const sixteenths = Math.min(255, Math.max(0, Math.round(-16 * Math.log(sum))));
        return Math.min(cost + 2 * deviation ** 2 * (sixteenths / 16), -2 * deviation ** 2 * Math.log(1e-4));
      });
    }

    it.each([
      [0.03, 1],
      [0.1, 0.9],
      [0.05, 0],
    ])('cost what they cost at each pixel, with a deviation of %s, or one likelier than %s', (deviation, sure) => {
      const costs = Float32Array.from(uniforms(3, 0, NUM_COLOURS), (value) => 5 * deviation ** 2 * value);
      const palette = { colours: COLOURS, costs, deviation, sure };
      const found = expected(PIXELS, pictureColours({ ...palette, places }, costs, layout));
      expect(found).not.toEqual(expectedColours(PIXELS, palette));
      for (let at = 0; at < PIXELS.length; at += 4) {
        if (PIXELS[at + 3] === 0) continue;
        const mean = meanOf(colourAt(PIXELS, at), { ...palette, costs: costsAt(at / 4, palette) });
        expect(colourAt(found, at)).toEqual(mean.map(Math.round));
      }
    });

    it('may be anywhere in a picture of another size', () => {
      const palette = { colours: COLOURS, deviation: 0.05, sure: 0.9 };
      const costs = Float32Array.from(uniforms(3, 0, NUM_COLOURS), (value) => 0.01 * value);
      const half = PIXELS.subarray(0, PIXELS.length / 2);
      const found = expected(half, pictureColours({ ...palette, places }, costs, layout));
      expect(found).toEqual(expectedColours(half, { ...palette, costs }));
    });
  });

  it('are opaque or clear where a palette is cut', () => {
    const palette = { colours: Uint8Array.of(9, 8, 7, 250, 250, 250), deviation: 0.1, sure: 0 };
    const pixels = Uint8Array.of(9, 8, 7, 127, 9, 8, 7, 128, 250, 250, 250, 254, 0, 0, 0, 0);
    const cut = (isCut: boolean) => [...expected(pixels, pictureColours({ ...palette, isCut }, new Float32Array(2)))];
    expect(cut(true)).toEqual([0, 0, 0, 0, 9, 8, 7, 255, 250, 250, 250, 255, 0, 0, 0, 0]);
    expect(cut(false)).toEqual([...pixels]);
  });

  it('refuses bytes, colours and costs that do not fit together', () => {
    const free = { colours: COLOURS, costs: new Float32Array(NUM_COLOURS), deviation: 0.1, sure: 0 };
    expect(() => expectedColours(new Uint8Array(6), free)).toThrow('6 bytes; expected whole pixels of 4');
    const short = { ...free, costs: free.costs.subarray(1) };
    expect(() => expectedColours(PIXELS, short)).toThrow(/20 colours and 19 costs/);
    const none = { colours: new Uint8Array(), costs: new Float32Array(), deviation: 0.1, sure: 0 };
    expect(() => expectedColours(PIXELS, none)).toThrow(/0 colours/);
  });
});
