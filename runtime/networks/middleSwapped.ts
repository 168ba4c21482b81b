import { reshape, type Tensor, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * Values read in one shape, with its two axes in the middle exchanged, in another shape: how pictures are cut and joined.
 *
 * @param parts (a, b, c, d), of as many values as x
 * @param shape of the result, whose values lie in the order (a, c, b, d)
 * @returns     the caller disposes it
 */
export function middleSwapped<T extends Tensor>(x: Tensor, parts: Tensor4D['shape'], shape: number[]): T {
  const isInOrder = parts[1] === 1 || parts[2] === 1;
  return tidy(() => reshape(isInOrder ? x : transpose(reshape(x, parts), [0, 2, 1, 3]), shape)) as T;
}
