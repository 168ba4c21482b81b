import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { cavityMap } from './cavity.ts';

describe('cavityMap', () => {
  it('shows a wave by what a blur takes of it', () => {
    const [width, k] = [48, (2 * Math.PI * 6) / 48];
    const wave = Float32Array.from({ length: width * 2 }, (_, i) => 0.5 + 0.1 * Math.sin(k * (i % width)));
    const expected = wave.map((value) => 0.5 + 3 * (value - 0.5) * (1 - Math.exp((-k * k * 4) / 2)));
    expectClose(cavityMap(wave, width, 2, { edgePx: 2, strength: 3 }), expected, { absolute: 0.003 });
  });

  it('is 0.5 on an even surface, and within 0 … 1 in the steepest', () => {
    expectClose(cavityMap(new Float32Array(12).fill(0.9), 4, 3), new Float32Array(12).fill(0.5));
    const spikes = Float32Array.from({ length: 64 }, (_, i) => i % 2);
    const cavity = cavityMap(spikes, 8, 8, { strength: 8 });
    expect([Math.min(...cavity), Math.max(...cavity)]).toEqual([0, 1]);
  });

  it('refuses options out of range', () => {
    expect(() => cavityMap(new Float32Array(4), 2, 2, { edgePx: 0 })).toThrow(/edgePx is 0; expected 0.5 to 64/);
    expect(() => cavityMap(new Float32Array(4), 2, 2, { strength: 9 })).toThrow(/strength is 9; expected 0 to 8/);
  });
});
