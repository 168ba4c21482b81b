import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { wrapped } from '../core/wrapped.ts';
import { expectClose } from '../testing/matchers.ts';
import { rollImage } from '../testing/roll.ts';
import { ambientOcclusionMap } from './ambientOcclusion.ts';

describe('ambientOcclusionMap', () => {
  it('is 1 where the surface is flat, and on the top of it', () => {
    expectClose(ambientOcclusionMap(new Float32Array(20).fill(0.4), 5, 4), new Float32Array(20).fill(1));
    const peak = Float32Array.from({ length: 64 }, (_, i) => Number(i === 27));
    expect(ambientOcclusionMap(peak, 8, 8)[27]).toBe(1);
  });

  it('is the sky seen from the middle of a trench', () => {
    // Walls 4 texels away, 4 high: straight at them the horizon is at 45°, along the trench there is none. The integral
    // over all directions φ of 1 / (1 + sin²φ) is 1 / √2 of the circle; 16 directions see a little less of it.
    const [width, height] = [32, 8];
    const trench = Float32Array.from({ length: width * height }, (_, i) => Number(Math.abs((i % width) - 16) >= 4));
    const open = ambientOcclusionMap(trench, width, height, { depthPx: 4, radiusPx: 24 });
    expect(open[16]).toBeLessThan(Math.SQRT1_2);
    expect(open[16]).toBeGreaterThan(0.99 * Math.SQRT1_2);
    expect(open[16]).toBeLessThan(open[width - 1]!);
    expect(open[width - 1]).toBe(1);
  });

  it('is what looking along every direction gives', () => {
    const [width, height, depthPx, radiusPx] = [9, 7, 3, 5];
    const plane = normals(6, 0, width * height).map((value) => 0.5 + 0.2 * value);
    const directions: [number, number][] = [];
    for (let y = -2; y <= 2; y++) {
      for (let x = -2; x <= 2; x++)
        if (Math.hypot(x, y) > 0 && [1, 2, 5].includes(x * x + y * y)) directions.push([x, y]);
    }
    expect(directions).toHaveLength(16);
    const expected = plane.map((here, i) => {
      const shares = directions.map(([x, y]) => {
        let slope = 0;
        for (let n = 1; n * Math.hypot(x!, y!) <= radiusPx; n++) {
          const row = wrapped(Math.floor(i / width) + n * y!, height);
          const there = plane[row * width + wrapped((i % width) + n * x!, width)]!;
          slope = Math.max(slope, (depthPx * (there - here)) / (n * Math.hypot(x!, y!)));
        }
        return Math.cos(Math.atan(slope)) ** 2;
      });
      return shares.reduce((sum, share) => sum + share) / 16;
    });
    expectClose(ambientOcclusionMap(plane, width, height, { depthPx, radiusPx }), expected);
  });

  it('sees nothing that is farther away than the radius', () => {
    const spike = Float32Array.from({ length: 64 }, (_, i) => Number(i === 27));
    const open = ambientOcclusionMap(spike, 8, 8, { radiusPx: 1 });
    const [x, y] = [27 % 8, Math.floor(27 / 8)];
    expect(open[(y - 1) * 8 + (x - 2)]).toBe(1); // its distance is √5
    expect(open[(y - 1) * 8 + (x - 1)]).toBe(1); // its distance is √2
    expect(open[y * 8 + (x - 1)]).toBeLessThan(1);
  });

  it('rolls with its picture', () => {
    const plane = normals(4, 0, 11 * 6);
    const rolled = ambientOcclusionMap(rollImage(plane, 11, 6, 3, 5), 11, 6);
    expectClose(rolled, rollImage(ambientOcclusionMap(plane, 11, 6), 11, 6, 3, 5));
  });

  it('refuses options out of range', () => {
    const plane = new Float32Array(4);
    expect(() => ambientOcclusionMap(plane, 2, 2, { radiusPx: 0 })).toThrow(/radiusPx is 0; expected 1 to 64/);
    expect(() => ambientOcclusionMap(plane, 2, 2, { depthPx: -1 })).toThrow(/depthPx is -1/);
  });
});
