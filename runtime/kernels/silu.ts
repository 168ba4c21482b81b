import { engine, type Tensor } from '@tensorflow/tfjs-core';

export const SILU = 'FigmentSilu';
export const SILU_GRAD = 'FigmentSiluGrad';

/**
 * x · sigmoid(x), elementwise.
 *
 * Source: Hendrycks & Gimpel 2016, arXiv:1606.08415.
 * @param x float32, any shape
 * @returns float32, shape of x; the caller disposes it
 */
export function silu<T extends Tensor>(x: T): T {
  return engine().runKernel(SILU, { x }) as T;
}
