import { reshape, type Tensor, type Tensor3D, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core';

/** How many times a picture holds the size that its network was trained on, down and across. */
export type Tiles = readonly [down: number, across: number];

export const ONE_TILE: Tiles = [1, 1];

/**
 * Cuts feature maps into windows of a tile each, whose pixels attend to each other alone.
 *
 * Source: Liu et al. 2021 (Swin), arXiv:2103.14030, section 3.2.
 * @param x float32 (B, H, W, C), H and W divisible by the tiles
 * @returns float32 (B · down · across, H/down · W/across, C): an image's windows row by row, as their pixels
 */
export function splitWindows(x: Tensor4D, [down, across]: Tiles): Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [height / down, width / across];
  return swapped(x, [batch * down, rows, across, columns * channels], [-1, rows * columns, channels]);
}

/** Undoes `splitWindows`. @param shape (B, H, W, C) of the feature maps that were cut */
export function joinWindows(windows: Tensor3D, shape: Tensor4D['shape'], [down, across]: Tiles): Tensor4D {
  const [batch, height, width, channels] = shape;
  return swapped(windows, [batch * down, across, height / down, (width / across) * channels], shape);
}

/** `x` read in the shape `from`, with its two axes in the middle exchanged, in the shape `to`. */
function swapped<T extends Tensor>(x: Tensor, from: Tensor4D['shape'], to: number[]): T {
  const isInOrder = from[1] === 1 || from[2] === 1;
  return tidy(() => reshape(isInOrder ? x : transpose(reshape(x, from), [0, 2, 1, 3]), to)) as T;
}
