import { describe, expect, it } from 'vitest';
import type { PixelImage } from '../core/pixels.ts';
import { rollImage } from '../testing/roll.ts';
import { movedSeamRatio, seamRatio } from './seam.ts';

function picture(width: number, height: number, grey: (x: number, y: number) => number): PixelImage {
  const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const at = Math.floor(i / 3);
    return grey(at % width, Math.floor(at / width));
  });
  return { width, height, channels: 3, pixels };
}

describe('seamRatio', () => {
  it('is about 1 where a wave closes, whatever its phase', () => {
    for (let phase = 0; phase < 12; phase++) {
      const wave = picture(60, 12, (x, y) => 128 + 60 * Math.cos((2 * Math.PI * (5 * x + phase)) / 60) + 9 * (y % 2));
      expect(seamRatio([wave])).toBeLessThan(2);
    }
    const steps = picture(12, 8, (x, y) => 100 * ((x + y) % 2));
    expect(seamRatio([steps])).toBe(1);
  });

  it('is the step at the edge over those inside', () => {
    // Columns 0, 10 … 90: nine differences of 10, and one of 90 across the edge.
    expect(seamRatio([picture(10, 4, (x) => 10 * x)])).toBeCloseTo(9, 10);
    expect(seamRatio([picture(4, 10, (_, y) => 10 * y)])).toBeCloseTo(9, 10);
  });

  it('counts the pixels of all pictures alike', () => {
    const small = picture(4, 4, (x) => 10 * x); // across: 30 at 4 places, 10 at 12
    const large = picture(8, 8, (x) => 10 * (x % 4)); // across: 30 at 8 places; 10 at 48 and 30 at 8 inside
    const seam = (4 * 30 + 8 * 30) / 12;
    const inside = (12 * 10 + 48 * 10 + 8 * 30) / 68;
    expect(seamRatio([small, large])).toBeCloseTo(seam / inside, 10);
    expect(seamRatio([])).toBe(1);
  });

  it('looks at the channels that it is asked for', () => {
    const pixels = Uint8Array.from({ length: 3 * 16 }, (_, i) => (i % 3 === 1 ? 10 * (Math.floor(i / 3) % 4) : 7));
    const image: PixelImage = { width: 4, height: 4, channels: 3, pixels };
    expect(seamRatio([image], [1])).toBe(3);
    expect(seamRatio([image], [0])).toBe(1);
  });

  it('leaves alpha out, and is 1 for a plain picture', () => {
    const pixels = Uint8Array.from({ length: 4 * 16 }, (_, i) => (i % 4 === 3 ? i : 7));
    expect(seamRatio([{ width: 4, height: 4, channels: 4, pixels }])).toBe(1);
    expect(seamRatio([picture(4, 4, (x) => (x === 3 ? 9 : 0))])).toBe(3);
    expect(() => seamRatio([picture(2, 4, () => 0)])).toThrow(/2×4 pixels; expected at least 3×3/);
  });
});

describe('movedSeamRatio', () => {
  const moved = (image: PixelImage): PixelImage => {
    const { width, height, pixels } = image;
    return { ...image, pixels: Uint8Array.from(rollImage(pixels, width, height, height / 2, width / 2)) };
  };

  it('is 1 where a picture moves with its noise, whatever lies on its edge', () => {
    const mortar = picture(16, 8, (x, y) => (x === 0 || y === 0 ? 200 : 7 * ((x * y) % 5)));
    expect(seamRatio([mortar])).toBeGreaterThan(3);
    expect(movedSeamRatio([[mortar, moved(mortar)]])).toBe(1);
  });

  it('is what the edges of both add to the same places inside', () => {
    const slope = picture(8, 4, (x) => 10 * x); // 70 across its edge, 10 in the middle
    const bump = picture(8, 4, (x) => (x === 3 ? 20 : 0)); // 0 across its edge, 20 in the middle
    expect(movedSeamRatio([[slope, bump]])).toBeCloseTo((70 + 0) / (10 + 20), 10);
    const turned = [slope, bump].map(({ pixels }) => picture(4, 8, (x, y) => pixels[3 * (8 * x + y)]!));
    expect(movedSeamRatio([[turned[0]!, turned[1]!]])).toBeCloseTo(70 / 30, 10);
  });

  it('is 1 for plain pictures and for none, and refuses pairs that do not fit', () => {
    const [plain, odd] = [picture(4, 4, () => 9), picture(5, 4, () => 9)];
    expect(movedSeamRatio([[plain, plain]])).toBe(1);
    expect(movedSeamRatio([])).toBe(1);
    expect(() => movedSeamRatio([[odd, odd]])).toThrow(
      /5×4 and 5×4 pixels; expected two pictures of one size, which is even/,
    );
    expect(() => movedSeamRatio([[plain, odd]])).toThrow(/4×4 and 5×4 pixels/);
  });
});
