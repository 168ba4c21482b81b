// SiLU, its gradient, the sum over rows (bias gradients) and the AdamW step: one pass over memory each.
import { loadLanes, silu4, siluGrad4, storeLanes } from './math';

/** out = x sigmoid(x) for n floats. */
export function silu(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    storeLanes(out, silu4(loadLanes(x, n - i)), n - i);
    x += 16; out += 16;
  }
}

/** dx = dy * d silu(x) / dx for n floats. */
export function siluGrad(x: usize, dy: usize, dx: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    storeLanes(dx, f32x4.mul(loadLanes(dy, n - i), siluGrad4(loadLanes(x, n - i))), n - i);
    x += 16; dy += 16; dx += 16;
  }
}

/** out (c) = sum over the rows of x (rows, c). */
export function sumRows(x: usize, out: usize, rows: i32, c: i32): void {
  const rowBytes = <usize>c << 2;
  for (let j = 0; j < c; j += 4) {
    const width = c - j;
    let sum = f32x4.splat(0);
    let p = x + (<usize>j << 2);
    for (let i = 0; i < rows; i++) {
      sum = f32x4.add(sum, loadLanes(p, width));
      p += rowBytes;
    }
    storeLanes(out + (<usize>j << 2), sum, width);
  }
}

/**
 * One AdamW step over n floats. The bias corrections are folded into stepSize = lr / (1 - beta1^t) and
 * rootScale = 1 / sqrt(1 - beta2^t); decay = 1 - lr * weightDecay; gain = 1 - beta, which in single precision would lose
 * digits; the gradient is multiplied by gradScale first.
 */
export function adamW(
  param: usize, grad: usize, m: usize, v: usize, outParam: usize, outM: usize, outV: usize, n: i32,
  stepSize: f32, beta1: f32, gain1: f32, beta2: f32, gain2: f32, rootScale: f32, epsilon: f32, decay: f32,
  gradScale: f32,
): void {
  const b1 = f32x4.splat(beta1), c1 = f32x4.splat(gain1);
  const b2 = f32x4.splat(beta2), c2 = f32x4.splat(gain2);
  const size = f32x4.splat(stepSize), root = f32x4.splat(rootScale), eps = f32x4.splat(epsilon);
  const keep = f32x4.splat(decay), scale = f32x4.splat(gradScale);
  for (let i = 0; i < n; i += 4) {
    const width = n - i;
    const at = <usize>i << 2;
    const g = f32x4.mul(loadLanes(grad + at, width), scale);
    const newM = f32x4.add(f32x4.mul(loadLanes(m + at, width), b1), f32x4.mul(g, c1));
    const newV = f32x4.add(f32x4.mul(loadLanes(v + at, width), b2), f32x4.mul(f32x4.mul(g, g), c2));
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(newV), root), eps);
    const p = f32x4.mul(loadLanes(param + at, width), keep);
    storeLanes(outParam + at, f32x4.sub(p, f32x4.div(f32x4.mul(size, newM), denominator)), width);
    storeLanes(outM + at, newM, width);
    storeLanes(outV + at, newV, width);
  }
}

/** Nearest-neighbour doubling of (n, h, w, c) to (n, 2h, 2w, c). */
export function upsample2x(x: usize, out: usize, n: i32, h: i32, w: i32, c: i32): void {
  const pixelBytes = <usize>c << 2;
  const outRowBytes = <usize>(2 * w) * pixelBytes;
  for (let i = 0; i < n * h; i++) {
    let o = out;
    for (let k = 0; k < w; k++) {
      memory.copy(o, x, pixelBytes);
      memory.copy(o + pixelBytes, x, pixelBytes);
      o += 2 * pixelBytes;
      x += pixelBytes;
    }
    memory.copy(o, out, outRowBytes);
    out += 2 * outRowBytes;
  }
}

/** dx (n, h, w, c) = sum of each 2 x 2 block of dy (n, 2h, 2w, c). */
export function upsample2xGrad(dy: usize, dx: usize, n: i32, h: i32, w: i32, c: i32): void {
  const pixelBytes = <usize>c << 2;
  const rowBytes = <usize>(2 * w) * pixelBytes;
  for (let i = 0; i < n * h; i++) {
    for (let k = 0; k < w; k++) {
      for (let j = 0; j < c; j += 4) {
        const width = c - j;
        const p = dy + (<usize>j << 2);
        const top = f32x4.add(loadLanes(p, width), loadLanes(p + pixelBytes, width));
        const bottom = f32x4.add(loadLanes(p + rowBytes, width), loadLanes(p + rowBytes + pixelBytes, width));
        storeLanes(dx + (<usize>j << 2), f32x4.add(top, bottom), width);
      }
      dx += pixelBytes;
      dy += 2 * pixelBytes;
    }
    dy += rowBytes;
  }
}
