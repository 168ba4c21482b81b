import { describe, expect, it } from 'vitest';
import { toOklab } from '../core/oklab.ts';
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

  it('refuses bytes, colours and costs that do not fit together', () => {
    const free = { colours: COLOURS, costs: new Float32Array(NUM_COLOURS), deviation: 0.1, sure: 0 };
    expect(() => expectedColours(new Uint8Array(6), free)).toThrow('6 bytes; expected whole pixels of 4');
    const short = { ...free, costs: free.costs.subarray(1) };
    expect(() => expectedColours(PIXELS, short)).toThrow(/20 colours and 19 costs/);
    const none = { colours: new Uint8Array(), costs: new Float32Array(), deviation: 0.1, sure: 0 };
    expect(() => expectedColours(PIXELS, none)).toThrow(/0 colours/);
  });
});
