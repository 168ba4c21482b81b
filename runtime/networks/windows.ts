import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { middleSwapped } from './middleSwapped.ts';

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
  return middleSwapped(x, [batch * down, rows, across, columns * channels], [-1, rows * columns, channels]);
}

/** Undoes `splitWindows`. @param shape (B, H, W, C) of the feature maps that were cut */
export function joinWindows(windows: Tensor3D, shape: Tensor4D['shape'], [down, across]: Tiles): Tensor4D {
  const [batch, height, width, channels] = shape;
  return middleSwapped(windows, [batch * down, across, height / down, (width / across) * channels], shape);
}
