import { concat, slice, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { wrapped } from '../core/wrapped.ts';

/** By how many whole pixels a picture is shifted; negative: up and left. */
export type Shift = readonly [down: number, right: number];

export const NO_SHIFT: Shift = [0, 0];

/** Shifts images around their edges. */
export function roll(x: Tensor4D, [down, right]: Shift): Tensor4D {
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
