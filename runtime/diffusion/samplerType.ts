import type * as tf from '@tensorflow/tfjs-core';
import type { SamplerName } from '../core/samplingBounds.ts';
import type { NoiseLevel } from './noiseLevel.ts';
import type { VarianceType } from './schedulerConfig.ts';

/** One reverse process with its steps laid out: `timesteps[index]` belongs to step `index`. */
export interface Sampler {
  readonly name: SamplerName;
  /** In descending order; whole numbers, except for Euler with linspace spacing. */
  readonly timesteps: readonly number[];
  /** The first xt is a standard normal draw times this, which is 1 except for Euler. */
  readonly initNoiseSigma: number;
  /** Whether `step` needs its argument `noise`. */
  readonly needsNoise: boolean;
  /** What xt holds before step `index`; `timesteps.length` stands for the image after the last. */
  level(index: number): NoiseLevel;
  /** What the network sees at a step: xt itself, but for Euler. The caller disposes it. */
  scaleInput<T extends tf.Tensor>(xt: T, index: number): T;
  /** One step towards the image. The caller disposes both results. */
  step<T extends tf.Tensor>(modelOutput: T, index: number, xt: T, noise?: T): SamplerStep<T>;
  /** Of a multistep method: lets it go on after step `index`, which was made elsewhere. The caller keeps x0Pred. */
  remember?(index: number, x0Pred: tf.Tensor): void;
  /** Frees what a multistep method remembers. */
  dispose(): void;
}

/** A type alias, so that tf.tidy can return it. */
export type SamplerStep<T extends tf.Tensor = tf.Tensor> = {
  xt: T; // at the next timestep, or the image after the last step
  x0Pred: T; // the image as the network sees it from here
};

/** What a sampler can be asked for, beside the config of its scheduler. */
export interface SamplerOptions {
  /** Steps from noise to the image: a whole number from 1 to numTrainTimesteps. */
  numInferenceSteps: number;
  /** The share of DDPM's noise that DDIM adds in each step, 0 … 1: 0 (the default) is deterministic, 1 as noisy as DDPM. */
  eta?: number;
  /** The variance of DDPM's noise; default the config's. */
  varianceType?: VarianceType;
}

/** @throws RangeError when no step has this index. */
export function assertIndex(name: SamplerName, index: number, timesteps: readonly number[]): void {
  if (timesteps[index] !== undefined) return;
  throw new RangeError(
    `${name}: step ${index} does not exist; expected a whole number from 0 to ${timesteps.length - 1}`,
  );
}
