import { describe, expect, it, test } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { rollImage } from '../testing/roll.ts';
import { BRICK_HEIGHT_PX, BRICK_WIDTH_PX, brickPixels, isGap } from '../testing/tinyDataset.ts';
import { heightMap, luma, reliefStatistics } from './height.ts';

test('luma weighs red, green and blue, and takes what is transparent for dark', () => {
  const pixels = Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 51);
  expectClose(luma(pixels, 2, 2), [0.2126, 0.7152, 0.0722, 0.2]);
  expectClose(luma(Uint8Array.of(255, 255, 255, 0, 0, 0), 1, 2), [1, 0]);
});

test('luma refuses bytes that are no picture of the size', () => {
  expect(() => luma(new Uint8Array(10), 2, 2)).toThrow(/luma: 10 bytes for 2×2 pixels; expected 3 .* or 4/);
});

const [W, H] = [BRICK_WIDTH_PX, BRICK_HEIGHT_PX];

describe('heightMap', () => {
  it.each(['dark', 'bright'] as const)('puts %s gaps, which are rare, below the bricks', (gaps) => {
    const height = heightMap(brickPixels(gaps), W, H, { lowParts: 'rare', reliefPx: 4 });
    const inGaps = height.filter((_, i) => isGap(i % W, Math.floor(i / W)));
    const inBricks = height.filter((_, i) => !isGap(i % W, Math.floor(i / W)));
    expect(Math.max(...inGaps)).toBeLessThan(Math.min(...inBricks));
  });

  it('puts what is dark below where dark is deep, and bright gaps up', () => {
    for (const [gaps, isLow] of [
      ['dark', true],
      ['bright', false],
    ] as const) {
      const height = heightMap(brickPixels(gaps), W, H, { lowParts: 'dark' });
      expect(height[0]! < 0.3, gaps).toBe(isLow); // a crossing of gaps
    }
  });

  it('is the middle where the picture is flat', () => {
    expectClose(heightMap(new Uint8Array(3 * 20).fill(90), 5, 4), new Float32Array(20).fill(0.5));
  });

  it('is fainter in a faint picture, and the same at any contrast above', () => {
    const spread = (grain: number) => reliefStatistics(heightMap(grainPixels(grain), W, H, { reliefPx: 4 })).std;
    expect(spread(2)).toBeLessThan(0.5 * spread(40));
    expect(spread(60)).toBeCloseTo(spread(100), 2);
  });

  it('takes broad differences for colour', () => {
    const gradient = new Uint8Array(3 * 128 * 4);
    for (let i = 0; i < 128 * 4; i++) {
      gradient.fill(128 + 100 * Math.cos((2 * Math.PI * (i % 128)) / 128), 3 * i, 3 * i + 3);
    }
    const height = heightMap(gradient, 128, 4, { reliefPx: 3, grainPx: 0 });
    expect(Math.max(...height) - Math.min(...height)).toBeLessThan(0.1);
  });

  it('is the formula of its docstring', () => {
    const [width, k] = [64, (2 * Math.PI * 4) / 64];
    const pixels = new Uint8Array(3 * width);
    for (let x = 0; x < width; x++) pixels.fill(Math.round(128 + 80 * Math.cos(k * x)), 3 * x, 3 * x + 3);
    const height = heightMap(pixels, width, 1, { reliefPx: 6, grainPx: 1, grain: 0.4, plateau: 0.5 });
    const [fine, wide] = [1, 6].map((sigma) => Math.exp((-k * k * sigma * sigma) / 2));
    const relief = (80 / 255) * (fine! - wide!);
    const std = relief / Math.SQRT2;
    const expected = Array.from({ length: width }, (_, x) => {
      const value = (Math.cos(k * x) * (relief + (80 / 255) * (1 - fine!) * 0.4)) / std;
      return 0.5 + value / (1 + 0.5 * Math.max(value, 0)) / 5;
    });
    expectClose(height, expected, { absolute: 0.008 });
  });

  it('rolls with its picture', () => {
    const pixels = brickPixels('bright', 20);
    const rolled = heightMap(Uint8Array.from(rollImage(pixels, W, H, 7, 11)), W, H, { lowParts: 'rare' });
    expectClose(rolled, rollImage(heightMap(pixels, W, H, { lowParts: 'rare' }), W, H, 7, 11));
  });

  it('refuses options out of range', () => {
    const pixels = brickPixels('dark');
    expect(() => heightMap(pixels, W, H, { reliefPx: 0 })).toThrow(/reliefPx is 0; expected 0.5 to 256/);
    expect(() => heightMap(pixels, W, H, { grain: Number.NaN })).toThrow(/grain is NaN/);
    expect(() => heightMap(pixels, W, H, { lowParts: 'wet' as 'dark' })).toThrow(/lowParts is "wet"; expected dark or/);
  });
});

/** A picture of nothing but grain of this amplitude. */
function grainPixels(amplitude: number): Uint8Array {
  const bricks = brickPixels('dark', 1);
  return bricks.map((_, i) => 128 + amplitude * Math.cos(i / 3 + Math.floor(i / (4 * W))));
}
