import { engine, type Tensor, type Tensor1D, type Tensor2D, type TensorInfo } from '@tensorflow/tfjs-core';

export const GROUP_NORM = 'FigmentGroupNorm';
export const GROUP_NORM_GRAD = 'FigmentGroupNormGrad';
/** The names of group normalisation with the inputs scale and shift. */
export const MODULATED_GROUP_NORM = 'FigmentModulatedGroupNorm';
export const MODULATED_GROUP_NORM_GRAD = 'FigmentModulatedGroupNormGrad';

/** The inputs of the kernel: x (B, …, C), gamma and beta (C), and with modulation scale and shift (B, C). */
export interface GroupNormInputs extends Record<'x' | 'gamma' | 'beta', TensorInfo> {
  scale?: TensorInfo;
  shift?: TensorInfo;
}

export interface GroupNormAttrs {
  numGroups: number;
  epsilon: number;
  silu: boolean;
}

export interface GroupNormOptions {
  numGroups: number;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** Apply x·sigmoid(x) to the result; default false. */
  silu?: boolean;
  /** Per image and channel, (B, C) each: the result is multiplied by 1 + scale, then shift is added. */
  modulation?: { scale: Tensor2D; shift: Tensor2D } | null;
}

/**
 * Group normalisation, optionally modulated and activated, in one pass:
 * y = act((x̂ · gamma + beta) · (1 + scale) + shift), x̂ with mean 0 and variance 1 over each group of an image.
 *
 * Source: Wu & He 2018, arXiv:1803.08494; modulation: Dhariwal & Nichol 2021, arXiv:2105.05233, eq. (7).
 * @param x     float32 (B, …, C)
 * @param gamma float32 (C)
 * @param beta  float32 (C)
 * @returns     float32, shape of x; the caller disposes it
 * @throws      RangeError when the groups do not divide the channels
 */
export function groupNorm<T extends Tensor>(x: T, gamma: Tensor1D, beta: Tensor1D, options: GroupNormOptions): T {
  const { numGroups, epsilon = 1e-5, silu = false, modulation } = options;
  const numChannels = x.shape[x.rank - 1] ?? 0;
  if (numChannels % numGroups !== 0 || gamma.size !== numChannels || beta.size !== numChannels) {
    throw new RangeError(
      `groupNorm: ${numChannels} channels, ${gamma.size} gammas and ${numGroups} groups do not go together`,
    );
  }
  const attrs = { numGroups, epsilon, silu };
  if (!modulation) return engine().runKernel(GROUP_NORM, { x, gamma, beta }, attrs) as T;
  const { scale, shift } = modulation;
  if (scale.shape[0] !== x.shape[0] || scale.size !== shift.size || scale.shape[1] !== numChannels) {
    throw new RangeError(
      `groupNorm: scale (${scale.shape}) and shift (${shift.shape}) must be (${x.shape[0]}, ${numChannels})`,
    );
  }
  return engine().runKernel(MODULATED_GROUP_NORM, { x, gamma, beta, scale, shift }, attrs) as T;
}
