import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { expectClose } from '../testing/matchers.ts';
import { rollImage } from '../testing/roll.ts';
import { normalMap } from './normals.ts';

const SIZE = 64;
const DEPTH_PX = 8;

/** A round bump in the middle, and its slopes to the right and down. */
function bump(x: number, y: number): { height: number; right: number; down: number } {
  const [dx, dy, sigma] = [x - SIZE / 2, y - SIZE / 2, 8];
  const height = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
  return { height, right: (-dx / sigma ** 2) * height, down: (-dy / sigma ** 2) * height };
}

const plane = Float32Array.from({ length: SIZE * SIZE }, (_, i) => bump(i % SIZE, Math.floor(i / SIZE)).height);

/** The largest angle between the map's normals and those of the formula, in degrees. */
function worstAngle(pixels: Uint8Array, greenSign: number): number {
  let worst = 0;
  for (let i = 0; i < SIZE * SIZE; i++) {
    const { right, down } = bump(i % SIZE, Math.floor(i / SIZE));
    const exact = [-DEPTH_PX * right, greenSign * DEPTH_PX * down, 1];
    const actual = [0, 1, 2].map((c) => (pixels[3 * i + c]! / 255) * 2 - 1);
    const dot = exact.reduce((sum, value, c) => sum + value * actual[c]!, 0);
    worst = Math.max(worst, Math.acos(Math.min(dot / Math.hypot(...exact) / Math.hypot(...actual), 1)));
  }
  return (worst * 180) / Math.PI;
}

describe('normalMap', () => {
  it.each([
    ['opengl', 1],
    ['directx', -1],
  ] as const)('gives the normals of a round bump within a degree, green as %s has it', (green, sign) => {
    const { pixels } = normalMap(plane, SIZE, SIZE, { depthPx: DEPTH_PX, green });
    expect(worstAngle(pixels, sign)).toBeLessThan(1);
    expect(worstAngle(pixels, -sign)).toBeGreaterThan(30);
  });

  it('leans away from what rises: red to the right of a bump, green above it', () => {
    const { pixels } = normalMap(plane, SIZE, SIZE, { depthPx: DEPTH_PX });
    const at = (x: number, y: number) => [...pixels.subarray(3 * (y * SIZE + x), 3 * (y * SIZE + x) + 3)];
    expect(at(40, 32)[0]).toBeGreaterThan(180);
    expect(at(24, 32)[0]).toBeLessThan(75);
    expect(at(32, 24)[1]).toBeGreaterThan(180);
    expect(at(32, 40)[1]).toBeLessThan(75);
  });

  it('is (128, 128, 255) where the surface is flat', () => {
    const { pixels, channels } = normalMap(new Float32Array(12).fill(0.7), 4, 3, { depthPx: 64 });
    expect([channels, ...pixels]).toEqual([3, ...Array.from({ length: 12 }, () => [128, 128, 255]).flat()]);
  });

  it('rolls with its picture', () => {
    const height = normals(4, 0, 11 * 6);
    const rolled = normalMap(rollImage(height, 11, 6, 3, 5), 11, 6);
    expectClose(rolled.pixels, rollImage(normalMap(height, 11, 6).pixels, 11, 6, 3, 5), { absolute: 0, relative: 0 });
  });

  it('refuses options out of range', () => {
    expect(() => normalMap(plane, SIZE, SIZE, { depthPx: 100 })).toThrow(/normalMap: depthPx is 100; expected 0 to 64/);
    expect(() => normalMap(plane, SIZE, SIZE, { green: 'up' as 'opengl' })).toThrow(
      /green is "up"; expected opengl or/,
    );
    expect(() => normalMap(plane, SIZE, 2)).toThrow(/normalMap: 4096 values for 64×2 texels/);
  });
});
