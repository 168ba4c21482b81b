import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { runToEnd } from '../core/slices.ts';
import { wrapped } from '../core/wrapped.ts';
import { expectClose } from '../testing/matchers.ts';
import { rollImage } from '../testing/roll.ts';
import { gaussianWeights, wrappedBlurInSlices } from './plane.ts';

const wrappedBlur = (...asked: Parameters<typeof wrappedBlurInSlices>) => runToEnd(wrappedBlurInSlices(...asked));

describe('wrappedBlurInSlices', () => {
  it('damps a wave by exp(−k²σ²/2), the Fourier transform of a Gaussian', () => {
    const width = 64;
    for (const [waves, sigma] of [
      [2, 3],
      [4, 2],
    ] as const) {
      const k = (2 * Math.PI * waves) / width;
      const wave = Float32Array.from({ length: width * 3 }, (_, i) => Math.cos(k * (i % width)));
      const damped = wave.map((value) => value * Math.exp((-k * k * sigma * sigma) / 2));
      expectClose(wrappedBlur(wave, width, 3, sigma), damped, { absolute: 0.004 }); // the Gaussian is cut off at 3 σ
    }
  });

  it('is the sum over all neighbours, counted around the edges', () => {
    const [width, height, sigma] = [7, 5, 1.3];
    const plane = normals(3, 0, width * height);
    const weights = gaussianWeights(sigma);
    const radius = (weights.length - 1) / 2;
    const expected = plane.map((_, i) => {
      let sum = 0;
      for (const [row, weightY] of weights.entries()) {
        for (const [column, weightX] of weights.entries()) {
          const y = wrapped(Math.floor(i / width) + row - radius, height);
          sum += weightX * weightY * plane[y * width + wrapped((i % width) + column - radius, width)]!;
        }
      }
      return sum;
    });
    expectClose(wrappedBlur(plane, width, height, sigma), expected);
  });

  it('keeps a flat picture, and every picture at width 0', () => {
    expectClose(wrappedBlur(new Float32Array(12).fill(0.3), 4, 3, 5), new Float32Array(12).fill(0.3));
    const plane = normals(1, 0, 12);
    expect(wrappedBlur(plane, 4, 3, 0)).toEqual(plane);
  });

  it('rolls with its picture', () => {
    const plane = normals(2, 0, 9 * 6);
    const rolled = wrappedBlur(rollImage(plane, 9, 6, 4, 7) as Float32Array<ArrayBuffer>, 9, 6, 2);
    expectClose(rolled, rollImage(wrappedBlur(plane, 9, 6, 2), 9, 6, 4, 7));
  });

  it('refuses a plane or width that does not fit', () => {
    expect(() => wrappedBlur(new Float32Array(5), 2, 3, 1)).toThrow(/wrappedBlur: 5 values for 2×3 texels/);
    expect(() => wrappedBlur(new Float32Array(6), 2, 3, -1)).toThrow(/sigmaPx is -1; expected 0 to 1024/);
  });
});
