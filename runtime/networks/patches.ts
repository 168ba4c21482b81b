import type { Tensor4D } from '@tensorflow/tfjs-core';
import { middleSwapped } from './middleSwapped.ts';

/**
 * Squares of pixels become channels, so that a network computes at a fraction of a picture's size: 'space to depth'.
 *
 * Source: Shi et al. 2016, arXiv:1609.05158, section 3 (here its inverse).
 * @param x    float32 (B, H, W, C), H and W divisible by the size
 * @param size of a patch, in pixels
 * @returns    float32 (B, H / size, W / size, size² · C): a patch's pixels row by row; the caller disposes it
 */
export function toPatches(x: Tensor4D, size: number): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns, row] = [height / size, width / size, size * channels];
  return middleSwapped(x, [batch * rows, size, columns, row], [batch, rows, columns, size * row]);
}

/**
 * Undoes `toPatches`: 'depth to space', the sub-pixel convolution's last part.
 *
 * Source: Shi et al. 2016, arXiv:1609.05158, eq. (4), with a pixel's channels side by side.
 * @param x float32 (B, h, w, size² · C)
 * @returns float32 (B, h · size, w · size, C); the caller disposes it
 */
export function fromPatches(x: Tensor4D, size: number): Tensor4D {
  const [batch, rows, columns, values] = x.shape;
  const row = values / size;
  return middleSwapped(x, [batch * rows, columns, size, row], [batch, rows * size, columns * size, row / size]);
}
