import { concat, slice, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { wrapped } from '../core/wrapped.ts';
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
  /** Keeps the shape. */
  predict: (x: Tensor4D) => Generator<void, Tensor4D>;
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
  if (tiles[0] * tiles[1] === 1) return yield* predict(x);
  const [down, right] = tileShift([x.shape[1] / tiles[0], x.shape[2] / tiles[1]], unit, turn);
  const owned = [roll(x, down, right)];
  try {
    owned.push(yield* predict(owned[0]!));
    return roll(owned[1]!, -down, -right);
  } finally {
    for (const tensor of owned) tensor.dispose();
  }
}

/** Where the first tile begins at a turn: at any multiple of `unit` within a tile, evenly over any number of turns. */
export function tileShift(
  [height, width]: readonly [number, number],
  unit: number,
  turn: number,
): [down: number, right: number] {
  const within = (size: number, step: number) => unit * Math.floor((((turn + 1) * step) % 1) * (size / unit));
  return [within(height, 1 / PLASTIC_NUMBER), within(width, 1 / PLASTIC_NUMBER ** 2)];
}

/** Shifts images down and right around their edges, by whole pixels; negative: up and left. */
export function roll(x: Tensor4D, down: number, right: number): Tensor4D {
  return tidy(() => rollAxis(rollAxis(x, 1, down), 2, right).clone());
}

function rollAxis(x: Tensor4D, axis: 1 | 2, by: number): Tensor4D {
  const size = x.shape[axis];
  const head = wrapped(by, size); // pixels that come around to the beginning
  if (head === 0) return x;
  const part = (begin: number, length: number) => {
    const [begins, lengths] = [
      [0, 0, 0, 0],
      [-1, -1, -1, -1],
    ];
    begins[axis] = begin;
    lengths[axis] = length;
    return slice(x, begins, lengths);
  };
  return concat([part(size - head, head), part(0, size - head)], axis);
}
