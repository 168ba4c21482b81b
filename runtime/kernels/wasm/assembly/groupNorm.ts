// Group normalisation on (n, pixels, c), with optional scale and shift per image and channel and an optional SiLU:
// z = (xhat * gamma + beta) * (1 + scale) + shift, y = silu(z) or z. Both directions see each image as
// columns of 4 channels; `scratch` holds 4 * c floats: mean, rstd, and two sums per channel.
import { fma, loadLanes, sigmoid4, siluGrad4, storeLanes } from './math';

/**
 * Mean and 1 / sqrt(var + eps) of every group, written per channel to mean (c) and rstd (c). Two passes, and the mean is
 * summed as differences from the first pixel: a mean much larger than the deviation would take the digits of the sum.
 */
function groupStats(x: usize, mean: usize, rstd: usize, pixels: i32, c: i32, groups: i32, eps: f32): void {
  const size = c / groups;
  const rowBytes = <usize>c << 2;
  const inverse = f32x4.splat(1 / <f32>pixels);
  for (let j = 0; j < c; j += 4) {
    let sum = f32x4.splat(0);
    let p = x + (<usize>j << 2);
    const width = c - j;
    const first = loadLanes(p, width);
    for (let i = 0; i < pixels; i++) {
      sum = f32x4.add(sum, f32x4.sub(loadLanes(p, width), first));
      p += rowBytes;
    }
    storeLanes(mean + (<usize>j << 2), fma(sum, inverse, first), width);
  }
  spread(mean, c, size, 1 / <f64>size);
  for (let j = 0; j < c; j += 4) {
    const width = c - j;
    const m = loadLanes(mean + (<usize>j << 2), width);
    let sum = f32x4.splat(0);
    let p = x + (<usize>j << 2);
    for (let i = 0; i < pixels; i++) {
      const d = f32x4.sub(loadLanes(p, width), m);
      sum = fma(d, d, sum);
      p += rowBytes;
    }
    storeLanes(rstd + (<usize>j << 2), sum, width);
  }
  spread(rstd, c, size, 1 / (<f64>pixels * <f64>size));
  for (let j = 0; j < c; j++) {
    const p = rstd + (<usize>j << 2);
    store<f32>(p, 1 / sqrt<f32>(load<f32>(p) + eps));
  }
}

/** Replaces each of the c values by the sum over its group of `size` times factor. */
function spread(values: usize, c: i32, size: i32, factor: f64): void {
  for (let g = 0; g < c; g += size) {
    let sum: f64 = 0;
    for (let j = 0; j < size; j++) sum += <f64>load<f32>(values + (<usize>(g + j) << 2));
    const result = <f32>(sum * factor);
    for (let j = 0; j < size; j++) store<f32>(values + (<usize>(g + j) << 2), result);
  }
}

export function groupNorm(
  x: usize, gamma: usize, beta: usize, scale: usize, shift: usize, out: usize, scratch: usize,
  n: i32, pixels: i32, c: i32, groups: i32, eps: f32, silu: bool,
): void {
  const rowBytes = <usize>c << 2;
  const mean = scratch;
  const rstd = scratch + rowBytes;
  const one = f32x4.splat(1);
  for (let i = 0; i < n; i++) {
    groupStats(x, mean, rstd, pixels, c, groups, eps);
    for (let j = 0; j < c; j += 4) {
      const at = <usize>j << 2;
      const width = c - j;
      // z = a x + b
      let a = f32x4.mul(loadLanes(rstd + at, width), loadLanes(gamma + at, width));
      let b = fma(f32x4.neg(loadLanes(mean + at, width)), a, loadLanes(beta + at, width));
      if (scale) {
        const s = f32x4.add(one, loadLanes(scale + at, width));
        a = f32x4.mul(a, s);
        b = fma(b, s, loadLanes(shift + at, width));
      }
      let p = x + at;
      let o = out + at;
      if (silu) {
        for (let k = 0; k < pixels; k++) {
          const z = fma(loadLanes(p, width), a, b);
          storeLanes(o, f32x4.mul(z, sigmoid4(z)), width);
          p += rowBytes; o += rowBytes;
        }
      } else {
        for (let k = 0; k < pixels; k++) {
          storeLanes(o, fma(loadLanes(p, width), a, b), width);
          p += rowBytes; o += rowBytes;
        }
      }
    }
    x += <usize>pixels * rowBytes;
    out += <usize>pixels * rowBytes;
    if (scale) {
      scale += rowBytes;
      shift += rowBytes;
    }
  }
}

/**
 * dx, and dGamma, dBeta (c, accumulated: zeroed by the caller), and dScale, dShift (n, c) where scale is given.
 * With A = sum dz and B = sum dz xhat per channel and g = gamma (1 + scale):
 * dx = rstd (g dz - S1 - xhat S2), where S1 and S2 are the group means of g A and g B.
 */
export function groupNormGrad(
  x: usize, gamma: usize, beta: usize, scale: usize, shift: usize, dy: usize,
  dx: usize, dGamma: usize, dBeta: usize, dScale: usize, dShift: usize, scratch: usize,
  n: i32, pixels: i32, c: i32, groups: i32, eps: f32, silu: bool,
): void {
  const rowBytes = <usize>c << 2;
  const mean = scratch;
  const rstd = mean + rowBytes;
  const sumA = rstd + rowBytes;
  const sumB = sumA + rowBytes;
  const one = f32x4.splat(1);
  const size = c / groups;
  const inverse = 1 / (<f64>pixels * <f64>size);
  for (let i = 0; i < n; i++) {
    groupStats(x, mean, rstd, pixels, c, groups, eps);
    for (let j = 0; j < c; j += 4) {
      const at = <usize>j << 2;
      const width = c - j;
      const m = loadLanes(mean + at, width);
      const r = loadLanes(rstd + at, width);
      const g = loadLanes(gamma + at, width);
      const b = loadLanes(beta + at, width);
      const s = scale ? f32x4.add(one, loadLanes(scale + at, width)) : one;
      const za = f32x4.mul(g, s);
      const zb = scale ? fma(b, s, loadLanes(shift + at, width)) : b;
      let a = f32x4.splat(0);
      let bs = f32x4.splat(0);
      let p = x + at, q = dy + at, o = dx + at;
      for (let k = 0; k < pixels; k++) {
        const xhat = f32x4.mul(f32x4.sub(loadLanes(p, width), m), r);
        let dz = loadLanes(q, width);
        if (silu) dz = f32x4.mul(dz, siluGrad4(fma(xhat, za, zb)));
        storeLanes(o, dz, width);
        a = f32x4.add(a, dz);
        bs = fma(dz, xhat, bs);
        p += rowBytes; q += rowBytes; o += rowBytes;
      }
      storeLanes(dGamma + at, fma(bs, s, loadLanes(dGamma + at, width)), width);
      storeLanes(dBeta + at, fma(a, s, loadLanes(dBeta + at, width)), width);
      if (scale) {
        storeLanes(dScale + at, fma(g, bs, f32x4.mul(b, a)), width);
        storeLanes(dShift + at, a, width);
      }
      storeLanes(sumA + at, f32x4.mul(a, za), width);
      storeLanes(sumB + at, f32x4.mul(bs, za), width);
    }
    spread(sumA, c, size, inverse);
    spread(sumB, c, size, inverse);
    for (let j = 0; j < c; j += 4) {
      const at = <usize>j << 2;
      const width = c - j;
      const m = loadLanes(mean + at, width);
      const r = loadLanes(rstd + at, width);
      let g = loadLanes(gamma + at, width);
      if (scale) g = f32x4.mul(g, f32x4.add(one, loadLanes(scale + at, width)));
      const s1 = loadLanes(sumA + at, width);
      const s2 = loadLanes(sumB + at, width);
      let p = x + at, o = dx + at;
      for (let k = 0; k < pixels; k++) {
        const xhat = f32x4.mul(f32x4.sub(loadLanes(p, width), m), r);
        const inner = f32x4.sub(f32x4.sub(f32x4.mul(loadLanes(o, width), g), s1), f32x4.mul(xhat, s2));
        storeLanes(o, f32x4.mul(r, inner), width);
        p += rowBytes; o += rowBytes;
      }
    }
    x += <usize>pixels * rowBytes;
    dy += <usize>pixels * rowBytes;
    dx += <usize>pixels * rowBytes;
    if (scale) {
      scale += rowBytes; shift += rowBytes; dScale += rowBytes; dShift += rowBytes;
    }
  }
}
