import { engine, type Tensor4D } from '@tensorflow/tfjs-core';

export const UPSAMPLE_2X = 'FigmentUpsample2x';
export const UPSAMPLE_2X_GRAD = 'FigmentUpsample2xGrad';

/**
 * Doubles height and width by repeating each pixel (nearest neighbour).
 *
 * @param x float32 (B, H, W, C)
 * @returns float32 (B, 2H, 2W, C); the caller disposes it
 */
export function upsample2x(x: Tensor4D): Tensor4D {
  return engine().runKernel(UPSAMPLE_2X, { x }) as Tensor4D;
}
