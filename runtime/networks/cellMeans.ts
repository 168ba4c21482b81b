import { matMul, reshape, type Tensor2D, type Tensor4D, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * The mean of each cell of a grid, as PyTorch's AdaptiveAvgPool2d: where the size is no multiple of the grid, cells overlap.
 *
 * @param x    float32 (B, H, W, C)
 * @param grid cells a side
 * @returns    (B, C · grid²), in PyTorch's order
 */
export function cellMeans(x: Tensor4D, grid: number): Tensor2D {
  const [batch, height, width, channels] = x.shape;
  const pixels = height * width;
  return tidy(() => {
    const rows = reshape(transpose(x, [0, 3, 1, 2]), [batch * channels, pixels]);
    const shares = tensor2d(cellShares(height, width, grid), [pixels, grid ** 2]);
    return reshape(matMul(rows, shares), [batch, channels * grid ** 2]);
  });
}

/** How much each pixel counts in the mean of each cell, (H · W, grid²). */
export function cellShares(height: number, width: number, grid: number): Float32Array {
  const shares = new Float32Array(height * width * grid ** 2);
  for (let cell = 0; cell < grid ** 2; cell++) {
    const [top, bottom] = cellRange(Math.floor(cell / grid), grid, height);
    const [left, right] = cellRange(cell % grid, grid, width);
    for (let y = top; y < bottom; y++) {
      for (let i = left; i < right; i++) {
        shares[(y * width + i) * grid ** 2 + cell] = 1 / ((bottom - top) * (right - left));
      }
    }
  }
  return shares;
}

function cellRange(place: number, grid: number, size: number): [start: number, end: number] {
  return [Math.floor((place * size) / grid), Math.ceil(((place + 1) * size) / grid)];
}
