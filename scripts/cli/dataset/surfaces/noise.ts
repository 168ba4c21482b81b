// Noise on the unit square that repeats without a seam.
import { wrapped } from '../../../../runtime/core/wrapped.ts';

/** A pseudo-random number 0 … 1 that depends on three whole numbers alone. */
export function hash(seed: number, i: number, j: number): number {
  let bits = Math.imul(i + 1, 0x27d4eb2f) ^ Math.imul(j + 1, 0x165667b1) ^ Math.imul(seed + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** 0 below `low`, 1 above `high`, a smooth step between. */
export function smoothstep(low: number, high: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return share * share * (3 - 2 * share);
}

/** Value noise, 0 … 1, with so many cells along u and v. */
function valueNoise(seed: number, cellsU: number, cellsV: number, u: number, v: number): number {
  const [x, y] = [u * cellsU, v * cellsV];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, down] = [smoothstep(0, 1, x - left), smoothstep(0, 1, y - top)];
  const at = (i: number, j: number) => hash(seed, wrapped(left + i, cellsU), wrapped(top + j, cellsV));
  const upper = at(0, 0) + (at(1, 0) - at(0, 0)) * right;
  const lower = at(0, 1) + (at(1, 1) - at(0, 1)) * right;
  return upper + (lower - upper) * down;
}

/** A sum of noises, each twice as fine and half as strong as the one before; 0 … 1. */
export function fractal(seed: number, cellsU: number, cellsV: number, octaves: number, u: number, v: number): number {
  let sum = 0;
  for (let i = 0; i < octaves; i++) sum += valueNoise(seed + i, cellsU << i, cellsV << i, u, v) / 2 ** i;
  return sum / (2 - 2 ** (1 - octaves));
}

export interface Cell {
  /** 0 … 1, one for each cell. */
  id: number;
  /** How much farther the second nearest centre is, in cells: 0 at the edges. */
  edge: number;
}

/**
 * The cell of a point among jittered centres, one in each square of a grid.
 *
 * Source: Worley 1996, "A cellular texture basis function".
 * @param jitter 0: a square grid … 1: anywhere in the square
 */
export function cellAt(seed: number, cells: number, jitter: number, u: number, v: number): Cell {
  const [x, y] = [u * cells, v * cells];
  let [first, second, id] = [Infinity, Infinity, 0];
  for (let j = Math.floor(y) - 1; j <= Math.floor(y) + 1; j++) {
    for (let i = Math.floor(x) - 1; i <= Math.floor(x) + 1; i++) {
      const [wi, wj] = [wrapped(i, cells), wrapped(j, cells)];
      const centre = (stream: number) => 0.5 + jitter * (hash(seed + stream, wi, wj) - 0.5);
      const distance = Math.hypot(i + centre(1) - x, j + centre(2) - y);
      if (distance < first) [first, second, id] = [distance, first, hash(seed + 3, wi, wj)];
      else if (distance < second) second = distance;
    }
  }
  return { id, edge: second - first };
}
