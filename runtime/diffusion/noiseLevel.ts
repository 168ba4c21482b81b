import * as tf from '@tensorflow/tfjs-core';
import type { SamplerName } from '../core/samplingBounds.ts';
import { weightedSum } from './weightedSum.ts';

/** How much of an image and of noise an xt holds: xt = signal · x0 + noise · eps, in its sampler's own scale. */
export interface NoiseLevel {
  signal: number;
  noise: number;
}

/** The level of an image without noise, with which every sampler ends. */
export const CLEAN: NoiseLevel = { signal: 1, noise: 0 };

/** The level of an xt of variance 1, of which alphaBar, 0 … 1, is the signal's. */
export function levelOf(alphaBar: number): NoiseLevel {
  return { signal: Math.sqrt(alphaBar), noise: noiseShare(alphaBar) };
}

/** The noise of `levelOf` alone, sqrt(1 − alphaBar). */
export function noiseShare(alphaBar: number): number {
  return Math.sqrt(1 - alphaBar);
}

/** Makes a sampler's `level` function from one that knows the level of each timestep. */
export function levelsOf(
  name: SamplerName,
  timesteps: readonly number[],
  levelAt: (index: number) => NoiseLevel,
): (index: number) => NoiseLevel {
  return (index) => {
    if (index === timesteps.length) return CLEAN;
    if (timesteps[index] !== undefined) return levelAt(index);
    throw new RangeError(
      `${name}: level ${index} does not exist; expected a whole number from 0 to ${timesteps.length} (the image)`,
    );
  };
}

/**
 * Adds the noise that is missing between two levels: one draw from q(x at `to` | x at `from`).
 *
 *   x' = ratio · x + sqrt(noise'² − ratio² · noise²) · eps,   ratio = signal' / signal
 *
 * From `CLEAN` it noises an image to any level, as SDEdit does; from the level after a step it goes back to the one before,
 * as RePaint does.
 * Sources: Meng et al. 2022, arXiv:2108.01073, algorithm 1; Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1, line 9.
 * @param x   at the level `from`
 * @param to  with at least as much noise for its signal as `from`
 * @param eps standard normal, shape of x
 * @returns   shape of x; the caller disposes it
 * @throws    RangeError when `to` has less noise for its signal
 */
export function renoise<T extends tf.Tensor>(x: T, from: NoiseLevel, to: NoiseLevel, eps: T): T {
  if (to.noise * from.signal < from.noise * to.signal) {
    throw new RangeError(
      `renoise: the level to go to (signal ${to.signal}, noise ${to.noise}) has less noise than the one from ` +
        `(signal ${from.signal}, noise ${from.noise}); only a step of a sampler takes noise away`,
    );
  }
  const ratio = to.signal === 0 ? 0 : to.signal / from.signal;
  const added = Math.sqrt(Math.max(to.noise ** 2 - (ratio * from.noise) ** 2, 0));
  return tf.tidy(() => weightedSum(ratio, x, added, eps));
}
