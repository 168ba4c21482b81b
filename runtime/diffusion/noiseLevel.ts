import type { SamplerName } from '../core/samplingBounds.ts';

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
