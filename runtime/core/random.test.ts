import { describe, expect, it } from 'vitest';
import { assertSeed, integers, MAX_SEED, nextSeed, normals, permutation, philox4x32, uniforms } from './random.ts';

/** Mean of the k-th powers. */
const moment = (values: ArrayLike<number>, k: number) =>
  Array.from(values).reduce((sum, value) => sum + value ** k, 0) / values.length;

const correlation = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0) / a.length;

describe('philox4x32', () => {
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;
  const ones = 0xffffffff;
  it.each([
    { counter: [0, 0, 0, 0], key: [0, 0], expected: '6627e8d5 e169c58d bc57ac4c 9b00dbd8' },
    { counter: [ones, ones, ones, ones], key: [ones, ones], expected: '408f276d 41c83b0e a20bc7c6 6d5451fd' },
    { counter: pi, key: [0xa4093822, 0x299f31d0], expected: 'd16cfe09 94fdcceb 5001e420 24126ea1' },
  ] as const)('gives the known answer $expected of Random123', ({ counter, key, expected }) => {
    const out = new Uint32Array(4);
    philox4x32(counter, key, out);
    expect(Array.from(out, (word) => word.toString(16).padStart(8, '0')).join(' ')).toBe(expected);
  });
});

describe('uniforms', () => {
  it('are the words of the known-answer block divided by 2^32', () => {
    expect(Array.from(uniforms(0, 0, 4), (u) => u * 2 ** 32)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  });

  it('fill [0, 1) evenly', () => {
    const values = uniforms(7, 1, 100_000);
    const bins = new Float64Array(100);
    for (const u of values) bins[Math.floor(u * 100)]!++;
    const chiSquare = bins.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeGreaterThan(56); // 99 degrees of freedom: 0.01 % at either end
    expect(chiSquare).toBeLessThan(158);
  });
});

describe('normals', () => {
  it('have the moments of N(0, 1)', () => {
    const values = normals(123, 0, 200_000); // standard errors: 0.0022, 0.0032, 0.0055, 0.022
    expect(Math.abs(moment(values, 1))).toBeLessThan(0.009);
    expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(0.0128);
    expect(Math.abs(moment(values, 3))).toBeLessThan(0.035);
    expect(Math.abs(moment(values, 4) - 3)).toBeLessThan(0.09);
  });

  it('have the tail of N(0, 1)', () => {
    const beyond3 = normals(5, 0, 200_000).filter((z) => Math.abs(z) > 3).length;
    expect(Math.abs(beyond3 - 540)).toBeLessThan(93); // 200,000 · 0.0027; four standard errors
  });

  it.each([
    { name: 'streams', other: normals(1, 1, 50_000) },
    { name: 'seeds', other: normals(2, 0, 50_000) },
    { name: 'neighbours', other: normals(1, 0, 50_001).subarray(1) },
  ])('of different $name do not correlate', ({ other }) => {
    expect(Math.abs(correlation(normals(1, 0, 50_000), other))).toBeLessThan(4 / Math.sqrt(50_000));
  });

  it('of a shorter draw are a prefix of a longer one, odd counts included', () => {
    const long = normals(9, 3, 1001);
    for (const count of [0, 1, 2, 3, 5, 1000]) expect(normals(9, 3, count)).toEqual(long.slice(0, count));
  });

  it('write at an offset and touch nothing else', () => {
    const out = new Float32Array(10).fill(42);
    expect(normals(9, 3, 3, out, 4)).toBe(out);
    expect(Array.from(out)).toEqual([42, 42, 42, 42, ...normals(9, 3, 3), 42, 42, 42]);
    expect(() => normals(9, 3, 3, out, 8)).toThrow(/out has 10 values; expected at least 11/);
  });

  it('are fast', () => {
    normals(1, 0, 65_536);
    const before = process.cpuUsage();
    for (let i = 0; i < 5; i++) normals(i, 0, 65_536);
    expect(process.cpuUsage(before).user / 1000 / 5).toBeLessThan(60); // ms of computing; 5 on an idle core
  });
});

describe('integers', () => {
  it('reach every value below the bound equally often', () => {
    const bins = new Float64Array(10);
    for (const value of integers(3, 0, 50_000, 10)) bins[value]!++;
    expect(bins.reduce((sum, n) => sum + n, 0)).toBe(50_000);
    expect(bins.reduce((sum, n) => sum + (n - 5000) ** 2 / 5000, 0)).toBeLessThan(33.7); // 9 degrees of freedom, 0.01 %
  });

  it('stay below the largest bound and refuse an impossible one', () => {
    expect(integers(3, 0, 1000, 2 ** 31).every((value) => value >= 0)).toBe(true);
    expect(() => integers(3, 0, 1, 0)).toThrow(/bound is 0; expected a whole number from 1/);
  });
});

describe('permutation', () => {
  it('holds every index once', () => {
    const order = permutation(11, 0, 1000);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(order).not.toEqual(permutation(11, 1, 1000));
  });

  it('gives each of the six orders of three equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation(seed, 0, 3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(6);
    expect(chiSquare).toBeLessThan(25.8); // 5 degrees of freedom, 0.01 %
  });
});

describe('nextSeed', () => {
  it('counts on from a seed, and from the largest to 0', () => {
    expect(nextSeed(7, 0)).toBe(7);
    expect(nextSeed(7, 3)).toBe(10);
    expect(nextSeed(MAX_SEED, 0)).toBe(MAX_SEED);
    expect(nextSeed(MAX_SEED, 1)).toBe(0);
    expect(nextSeed(MAX_SEED - 1, 4)).toBe(2);
  });
});

describe('assertSeed', () => {
  it.each([-1, 1.5, 2 ** 32, Number.NaN])('refuses %d and names the operation', (seed) => {
    expect(() => assertSeed('generate', seed)).toThrow(RangeError);
    expect(() => assertSeed('generate', seed)).toThrow(/^generate: seed is .*; expected a whole number from 0/);
  });

  it('accepts both ends of uint32', () => {
    for (const seed of [0, 2 ** 32 - 1]) expect(() => assertSeed('generate', seed)).not.toThrow();
  });
});
