import { describe, expect, it } from 'vitest';
import { largestDifference } from '../testing/matchers.ts';
import { formatGrain, type Grain, parseGrain } from './grain.ts';
import { normals } from './random.ts';

const GRAIN: Grain = { side: 3, textons: normals(1, 0, 2 * 9 * 6) };

describe('grain as text', () => {
  it('is the same again, within half a unit', () => {
    const stored = formatGrain(GRAIN);
    const { side, textons } = parseGrain(JSON.parse(JSON.stringify(stored)), 2, 6);
    expect(side).toBe(3);
    expect(largestDifference(textons, GRAIN.textons)).toBeLessThanOrEqual(stored.unit / 2 + 1e-6);
    expect(stored.unit).toBeCloseTo(Math.max(...GRAIN.textons.map(Math.abs)) / 127, 6);
  });

  it('may be none at all', () => {
    const none = { side: 1, textons: new Float32Array(3) };
    expect(parseGrain(formatGrain(none), 1, 3)).toEqual(none);
  });

  it('is refused where it is not of the labels and channels, or has no middle', () => {
    const stored = formatGrain(GRAIN);
    expect(() => parseGrain(stored, 3, 6)).toThrow(
      'textons: expected base64 of 3 textons of 3×3×6 bytes; make them again by figment grain',
    );
    expect(() => parseGrain(stored, 2, 3)).toThrow('expected base64 of 2 textons of 3×3×3 bytes');
    expect(() => parseGrain({ ...stored, textons: '!' }, 2, 6)).toThrow('expected base64');
    expect(() => parseGrain({ ...stored, side: 4 }, 2, 6)).toThrow('side is 4; expected an odd number');
  });

  it('is refused where nothing would read it again', () => {
    expect(() => formatGrain({ side: 1, textons: new Float32Array(750_001) })).toThrow('expected at most 1000000');
  });
});
