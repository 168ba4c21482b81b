import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { MAX_INFERENCE_STEPS, MAX_RESAMPLES } from '../core/samplingBounds.ts';
import { SAMPLING_STREAMS } from '../core/streams.ts';
import { COMMON_SHARE, noiseStream, tiledNormals } from './latentNoise.ts';

const SHAPE = [40, 60, 8] as const;
const TILES = [2, 3] as const;
const TILE = [20, 20] as const;

/** Values of the tile that begins at (top, left). */
function tileOf(values: Float32Array, [row, column]: readonly [number, number]): number[] {
  const [, width, channels] = SHAPE;
  return Array.from({ length: TILE[0] }, (_, y) => {
    const begin = ((row * TILE[0] + y) * width + column * TILE[1]) * channels;
    return [...values.slice(begin, begin + TILE[1] * channels)];
  }).flat();
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const covariance = (a: readonly number[], b: readonly number[]) => mean(a.map((value, i) => value * b[i]!));

describe('tiledNormals', () => {
  const values = tiledNormals(5, 3, SHAPE, TILES);

  it('is standard normal', () => {
    expect(Math.abs(mean([...values]))).toBeLessThan(0.05);
    expect(covariance([...values], [...values])).toBeCloseTo(1, 1);
    const within = [...values].filter((value) => Math.abs(value) < 1).length / values.length;
    expect(within).toBeCloseTo(0.6827, 1);
  });

  it('correlates two tiles by the share that they have in common, and with the tile that is alone by its root', () => {
    const [first, right, below] = [tileOf(values, [0, 0]), tileOf(values, [0, 1]), tileOf(values, [1, 2])];
    const alone = [...tiledNormals(5, 3, [...TILE, 8], [1, 1])];
    for (const [a, b, expected] of [
      [first, right, COMMON_SHARE],
      [right, below, COMMON_SHARE],
      [first, alone, Math.sqrt(COMMON_SHARE)],
      [below, alone, Math.sqrt(COMMON_SHARE)],
    ] as const) {
      expect(Math.abs(covariance(a, b) - expected)).toBeLessThan(0.06); // 3 200 values: four standard errors
    }
  });

  it('does not correlate neighbours, seeds or streams', () => {
    const shifted = values.slice(1);
    expect(Math.abs(covariance([...shifted], [...values.slice(0, -1)]))).toBeLessThan(0.04);
    for (const others of [tiledNormals(6, 3, SHAPE, TILES), tiledNormals(5, 4, SHAPE, TILES)]) {
      expect(Math.abs(covariance([...others], [...values]))).toBeLessThan(0.06);
    }
  });

  it('of one tile is its noise', () => {
    expect(tiledNormals(5, 3, [4, 4, 8], [1, 1])).toEqual(normals(5, 3, 128));
  });
});

describe('noiseStream', () => {
  it('gives each use, step and pass a stream of its own, which is not the start’s', () => {
    const { first, count } = SAMPLING_STREAMS.noise;
    const streams = new Set([first]);
    for (const use of ['step', 'kept', 'back'] as const) {
      for (let pass = 0; pass < MAX_RESAMPLES; pass++) {
        for (let index = 0; index < MAX_INFERENCE_STEPS; index++) streams.add(noiseStream(use, index, pass));
      }
    }
    expect(streams.size).toBe(1 + 3 * MAX_RESAMPLES * MAX_INFERENCE_STEPS);
    expect(noiseStream('back', MAX_INFERENCE_STEPS - 1, MAX_RESAMPLES - 1)).toBeLessThan(first + count);
  });
});
