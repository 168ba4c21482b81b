// Rows of channels that lie a stride apart: what a recorded plan does between the operations of a network.
import { exp4, loadLanes, silu4, storeLanes } from './math';

/** Copies rows of c floats; strides are in floats. */
export function copyRows(x: usize, xStride: i32, y: usize, yStride: i32, rows: i32, c: i32): void {
  const bytes = <usize>c << 2;
  if (xStride == c && yStride == c) {
    memory.copy(y, x, bytes * <usize>rows);
    return;
  }
  for (let r = 0; r < rows; r++) {
    memory.copy(y, x, bytes);
    x += <usize>xStride << 2;
    y += <usize>yStride << 2;
  }
}

/** Exchanges the axes in the middle of (a, b, c, d). */
export function swapRows(
  x: usize, xStride: i32, y: usize, yStride: i32, a: i32, b: i32, c: i32, d: i32,
): void {
  const bytes = <usize>d << 2;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < c; j++) {
      for (let k = 0; k < b; k++) {
        memory.copy(y, x + (<usize>(((i * b + k) * c + j) * xStride) << 2), bytes);
        y += <usize>yStride << 2;
      }
    }
  }
}

/** y = (x + addend) · scale, then SiLU if asked, for rows of c floats; row r is given row r / divisor of the addend (0 = none). */
export function finishRows(
  x: usize, y: usize, yStride: i32, rows: i32, c: i32,
  addend: usize, addendStride: i32, divisor: i32, scale: f32, silu: bool,
): void {
  const factor = f32x4.splat(scale);
  for (let r = 0; r < rows; r++) {
    const added = addend + (<usize>(r / divisor * addendStride) << 2);
    for (let j = 0; j < c; j += 4) {
      const at = <usize>j << 2;
      let v = loadLanes(x + at, c - j);
      if (addend) v = f32x4.add(v, loadLanes(added + at, c - j));
      v = f32x4.mul(v, factor);
      if (silu) v = silu4(v);
      storeLanes(y + at, v, c - j);
    }
    x += <usize>c << 2;
    y += <usize>yStride << 2;
  }
}

/** The operand of row r: row (r / divisor) mod rows of its own; without a stride it is one number for all. */
@inline
function rowOf(p: usize, stride: i32, divisor: i32, rows: i32, r: i32): usize {
  return p + (<usize>(r / divisor % rows * stride) << 2);
}

@inline
function operand(p: usize, stride: i32, at: usize, width: i32): v128 {
  return stride ? loadLanes(p + at, width) : v128.load32_splat(p);
}

@inline
function valueOf(op: i32, a: v128, b: v128, c: v128): v128 {
  switch (op) {
    case 0: return f32x4.add(a, b);
    case 1: return f32x4.sub(a, b);
    case 2: return f32x4.mul(a, b);
    case 3: return f32x4.div(a, b);
    case 4: return f32x4.max(a, b);
    case 5: return f32x4.min(a, b);
    case 6: return f32x4.min(f32x4.max(a, b), c);
    case 7: return exp4(a);
    case 8: return silu4(a);
    default: return a;
  }
}

/**
 * y = op(a, b, c) for rows of `channels` floats, the operands broadcast over rows. Operations in order: add, sub, mul, div,
 * max, min, clip(a, least b, most c), exp, silu, copy.
 */
export function pointwise(
  op: i32, y: usize, yStride: i32, rows: i32, channels: i32,
  a: usize, aStride: i32, aDivisor: i32, aRows: i32,
  b: usize, bStride: i32, bDivisor: i32, bRows: i32,
  c: usize, cStride: i32, cDivisor: i32, cRows: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const rowA = rowOf(a, aStride, aDivisor, aRows, r);
    const rowB = rowOf(b, bStride, bDivisor, bRows, r);
    const rowC = rowOf(c, cStride, cDivisor, cRows, r);
    for (let j = 0; j < channels; j += 4) {
      const at = <usize>j << 2;
      const width = channels - j;
      const v = valueOf(
        op, operand(rowA, aStride, at, width), operand(rowB, bStride, at, width), operand(rowC, cStride, at, width),
      );
      storeLanes(y + at, v, width);
    }
    y += <usize>yStride << 2;
  }
}
