import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { largestDifference } from '../testing/matchers.ts';
import { fitTexton } from './fitTexton.ts';

const SIZE = 64;
const NUM = 24;
const SHAPE = (channels: number): [number, number, number] => [SIZE, SIZE, channels];

/** Smooth pictures, and a light bar over the upper half of each that the decoder loses. */
function smooth(channels: number, hasBars: boolean): Float32Array {
  return Float32Array.from({ length: NUM * SIZE * SIZE * channels }, (_, at) => {
    const pixel = Math.floor(at / channels) % (SIZE * SIZE);
    const [y, x] = [Math.floor(pixel / SIZE), pixel % SIZE];
    const bar = hasBars && y < SIZE / 2 && x % 8 === 0 ? 0.8 : 0;
    return 0.2 * Math.sin((2 * Math.PI * x) / SIZE) + bar;
  });
}

/** Adds white noise of each picture, convolved with a filter of 3×3 for each channel, around the borders. */
function grained(values: Float32Array, channels: number, filter: readonly number[][]): Float32Array {
  return values.map((value, at) => {
    const channel = at % channels;
    const picture = Math.floor(at / (SIZE * SIZE * channels));
    const pixel = Math.floor(at / channels) % (SIZE * SIZE);
    const [y, x] = [Math.floor(pixel / SIZE), pixel % SIZE];
    return filter[channel]!.reduce((sum, weight, q) => {
      const [v, u] = [(y + Math.floor(q / 3) - 1 + SIZE) % SIZE, (x + (q % 3) - 1 + SIZE) % SIZE];
      return sum + weight * WHITE[picture]![v * SIZE + u]!;
    }, value);
  });
}

const WHITE = Array.from({ length: NUM }, (_, picture) => normals(picture, 0, SIZE * SIZE));

/** How a texton's grain agrees with itself at a distance, between two channels: Σ a(p) b(p + d). */
function correlation(texton: Float32Array, channels: number, [a, b]: readonly [number, number], dx: number): number {
  const side = Math.sqrt(texton.length / channels);
  let sum = 0;
  for (let y = 0; y < side; y++) {
    for (let x = Math.max(0, -dx); x < Math.min(side, side - dx); x++) {
      sum += texton[(y * side + x) * channels + a]! * texton[(y * side + x + dx) * channels + b]!;
    }
  }
  return sum;
}

// A sharp grain whose waves are all fast, so that none are left out: its rows sum to 0.
const SHARP = [0, -0.02, 0, -0.02, 0.08, -0.02, 0, -0.02, 0];
const SHIFTED = [0, 0, 0, 0, 0, 0.06, 0, 0, -0.06];

describe('fitTexton', () => {
  it.each([false, true])('finds the grain that was added, also where bars are lost besides: %s', (hasBars) => {
    const filter = [SHARP, SHARP, SHARP.map((value) => value / 2)];
    const real = grained(smooth(3, hasBars), 3, filter);
    const texton = fitTexton({ shape: SHAPE(3), real, decoded: smooth(3, false) });
    const want = Float32Array.from({ length: 27 }, (_, at) => filter[at % 3]![Math.floor(at / 3)]!);
    for (const pair of [
      [0, 0],
      [0, 1],
      [0, 2],
      [2, 2],
    ] as const) {
      const whole = correlation(want, 3, pair, 0);
      for (const dx of [0, 1, 2]) {
        expect(Math.abs(correlation(texton, 3, pair, dx) - correlation(want, 3, pair, dx))).toBeLessThan(0.1 * whole);
      }
    }
    const middle = 3 * Math.floor(texton.length / 6);
    expect(texton[middle]).toBeCloseTo(0.08, 2); // a symmetrical texton is found as it was
  });

  it('keeps what lies beside what: a height that is shifted to the right of its colours', () => {
    const filter = [SHARP, SHARP, SHARP, SHIFTED, SHIFTED.map((value) => -value), SHARP];
    const real = grained(smooth(6, false), 6, filter);
    const texton = fitTexton({ shape: SHAPE(6), real, decoded: smooth(6, false) });
    const want = Float32Array.from({ length: 54 }, (_, at) => filter[at % 6]![Math.floor(at / 6)]!);
    const whole = correlation(want, 6, [0, 0], 0);
    for (const pair of [
      [0, 3],
      [0, 4],
      [3, 4],
    ] as const) {
      for (const dx of [-1, 0, 1]) {
        expect(Math.abs(correlation(texton, 6, pair, dx) - correlation(want, 6, pair, dx))).toBeLessThan(0.15 * whole);
      }
    }
    expect(texton.filter((_, at) => at % 6 === 5).every((value) => value === 0)).toBe(true); // metal has none
  });

  it('adds nothing where nothing is lost, or where more is decoded than there was', () => {
    const real = grained(smooth(3, false), 3, [SHARP, SHARP, SHARP]);
    const none = new Float32Array(11 * 11 * 3);
    const of = (decoded: Float32Array) => fitTexton({ shape: SHAPE(3), real, decoded });
    expect(largestDifference(of(real), none)).toBeLessThan(1e-8);
    expect(largestDifference(of(real.map((value) => 3 * value)), none)).toBeLessThan(1e-3);
  });

  it('refuses pictures smaller than a texton', () => {
    const values = new Float32Array(8 * 8 * 3);
    expect(() => fitTexton({ shape: [8, 8, 3], real: values, decoded: values })).toThrow(
      'fitTexton: pictures are 8×8; expected at least 11×11, as large as a texton',
    );
    expect(fitTexton({ shape: [8, 8, 3], real: values, decoded: values }, { side: 7 })).toHaveLength(7 * 7 * 3);
  });
});
