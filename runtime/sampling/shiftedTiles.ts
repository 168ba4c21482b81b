import type { Tensor4D } from '@tensorflow/tfjs-core';
import { NO_SHIFT, roll, type Shift } from '../networks/roll.ts';
import type { Tiles } from '../networks/windows.ts';

/** The plastic number: the real root of g³ = g + 1. */
const PLASTIC_NUMBER = 1.324717957244746;

/** What is predicted, and how. */
export interface TiledPrediction {
  tiles: Tiles;
  /** The network's output moves with its input by any multiple of this many pixels. */
  unit: number;
  /** 0, 1, 2, …: which prediction for this picture it is. */
  turn: number;
  /** Keeps the shape; of a picture that was rolled so far down and to the right. */
  predict: (x: Tensor4D, shift: Shift) => Generator<void, Tensor4D>;
}

/**
 * A prediction for a picture of several tiles, whose pixels attend within a tile alone: the borders of the tiles lie
 * elsewhere at every turn, so that none shows in the end and neighbours come to agree. One tile is predicted as it is.
 *
 * Sources: windows that shift, Liu et al. 2021 (Swin), arXiv:2103.14030, section 3.2; where to, the sequence R2 of
 * Roberts 2018, "The unreasonable effectiveness of quasirandom sequences".
 * @param x float32 (B, H, W, C), wraps around its borders
 * @returns through the generator, (B, H, W, C); the caller disposes it, and keeps x until then
 */
export function* withShiftedTiles(
  x: Tensor4D,
  { tiles, unit, turn, predict }: TiledPrediction,
): Generator<void, Tensor4D> {
  if (tiles[0] * tiles[1] === 1) return yield* predict(x, NO_SHIFT);
  const shift = tileShift([x.shape[1] / tiles[0], x.shape[2] / tiles[1]], unit, turn);
  const owned = [roll(x, shift)];
  try {
    owned.push(yield* predict(owned[0]!, shift));
    return roll(owned[1]!, [-shift[0], -shift[1]]);
  } finally {
    for (const tensor of owned) tensor.dispose();
  }
}

/** Where the first tile begins at a turn: at any multiple of `unit` within a tile, evenly over any number of turns. */
export function tileShift([height, width]: readonly [number, number], unit: number, turn: number): Shift {
  const within = (size: number, step: number) => unit * Math.floor((((turn + 1) * step) % 1) * (size / unit));
  return [within(height, 1 / PLASTIC_NUMBER), within(width, 1 / PLASTIC_NUMBER ** 2)];
}
