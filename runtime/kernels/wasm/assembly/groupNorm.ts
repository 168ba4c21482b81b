// Group normalisation on (n, pixels, c), with optional scale and shift per image and channel and an optional SiLU:
// z = (xhat * gamma + beta) * (1 + scale) + shift, y = silu(z) or z. Both directions walk over each image as it lies in memory,
// and keep a few numbers for each channel in `scratch`.
import { fma, loadLanes, silu4, siluGrad4, storeLanes } from './math';

/** sum + (x - from) of four channels, or with `squared` sum + (x - from)². */
@inline
function plusDifference(sum: v128, x: v128, from: v128, squared: bool): v128 {
  const d = f32x4.sub(x, from);
  return squared ? fma(d, d, sum) : f32x4.add(sum, d);
}

/** The sum over pixels of x - from, or of its square, for each of the c channels; 16 at a time, a cache line. */
@inline
function sumDifferences(x: usize, from: usize, sums: usize, pixels: i32, c: i32, squared: bool): void {
  const rowBytes = <usize>c << 2;
  let at: usize = 0;
  for (; at + 64 <= rowBytes; at += 64) {
    const f = from + at;
    const f0 = v128.load(f), f1 = v128.load(f, 16), f2 = v128.load(f, 32), f3 = v128.load(f, 48);
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let i = 0, p = x + at; i < pixels; i++, p += rowBytes) {
      s0 = plusDifference(s0, v128.load(p), f0, squared);
      s1 = plusDifference(s1, v128.load(p, 16), f1, squared);
      s2 = plusDifference(s2, v128.load(p, 32), f2, squared);
      s3 = plusDifference(s3, v128.load(p, 48), f3, squared);
    }
    const o = sums + at;
    v128.store(o, s0);
    v128.store(o, s1, 16);
    v128.store(o, s2, 32);
    v128.store(o, s3, 48);
  }
  for (; at < rowBytes; at += 16) {
    const width = <i32>((rowBytes - at) >> 2);
    const f = loadLanes(from + at, width);
    let s = f32x4.splat(0);
    for (let i = 0, p = x + at; i < pixels; i++, p += rowBytes) s = plusDifference(s, loadLanes(p, width), f, squared);
    storeLanes(sums + at, s, width);
  }
}

/**
 * Mean and 1 / sqrt(var + eps) of every group, written per channel to mean (c) and rstd (c). Two passes, and the mean is
 * summed as differences from the first pixel: a mean much larger than the deviation would take the digits of the sum.
 */
function groupStats(x: usize, mean: usize, rstd: usize, pixels: i32, c: i32, groups: i32, eps: f32): void {
  const size = c / groups;
  sumDifferences(x, x, mean, pixels, c, false);
  for (let j = 0; j < c; j++) {
    const at = <usize>j << 2;
    store<f32>(mean + at, load<f32>(mean + at) / <f32>pixels + load<f32>(x + at));
  }
  spread(mean, c, size, 1 / <f64>size);
  sumDifferences(x, mean, rstd, pixels, c, true);
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

/** y = a x + b, through SiLU if asked, for four channels. */
@inline
function normalise(x: usize, a: usize, b: usize, out: usize, silu: bool, width: i32): void {
  const z = fma(loadLanes(x, width), loadLanes(a, width), loadLanes(b, width));
  storeLanes(out, silu ? silu4(z) : z, width);
}

/** The same for rows of c channels, eight at a time: so many exponentials are computed side by side. */
@inline
function normaliseRows(x: usize, a: usize, b: usize, out: usize, pixels: i32, c: i32, silu: bool): void {
  const rowBytes = <usize>c << 2;
  for (let k = 0; k < pixels; k++, x += rowBytes, out += rowBytes) {
    let at: usize = 0;
    for (; at + 32 <= rowBytes; at += 32) {
      const z0 = fma(v128.load(x + at), v128.load(a + at), v128.load(b + at));
      const z1 = fma(v128.load(x + at, 16), v128.load(a + at, 16), v128.load(b + at, 16));
      const y0 = silu ? silu4(z0) : z0, y1 = silu ? silu4(z1) : z1;
      v128.store(out + at, y0);
      v128.store(out + at, y1, 16);
    }
    for (; at < rowBytes; at += 16) normalise(x + at, a + at, b + at, out + at, silu, <i32>((rowBytes - at) >> 2));
  }
}

/** @param scratch 2 * c floats */
export function groupNorm(
  x: usize, gamma: usize, beta: usize, scale: usize, shift: usize, out: usize, scratch: usize,
  n: i32, pixels: i32, c: i32, groups: i32, eps: f32, silu: bool,
): void {
  const rowBytes = <usize>c << 2;
  const b = scratch;
  const a = scratch + rowBytes;
  for (let i = 0; i < n; i++) {
    groupStats(x, b, a, pixels, c, groups, eps);
    for (let j = 0; j < c; j++) {
      const at = <usize>j << 2;
      let factor = load<f32>(a + at) * load<f32>(gamma + at);
      let addend = load<f32>(beta + at) - load<f32>(b + at) * factor;
      if (scale) {
        const s: f32 = <f32>1 + load<f32>(scale + at);
        factor *= s;
        addend = addend * s + load<f32>(shift + at);
      }
      store<f32>(a + at, factor);
      store<f32>(b + at, addend);
    }
    if (silu) normaliseRows(x, a, b, out, pixels, c, true);
    else normaliseRows(x, a, b, out, pixels, c, false);
    x += <usize>pixels * rowBytes;
    out += <usize>pixels * rowBytes;
    if (scale) {
      scale += rowBytes;
      shift += rowBytes;
    }
  }
}

/** dz of four channels into dx; sumA += dz, sumB += dz xhat. */
@inline
function gradOfSum(
  x: usize, dy: usize, dx: usize, mean: usize, rstd: usize, a: usize, b: usize, sumA: usize, sumB: usize,
  silu: bool, width: i32,
): void {
  const xhat = f32x4.mul(f32x4.sub(loadLanes(x, width), loadLanes(mean, width)), loadLanes(rstd, width));
  let dz = loadLanes(dy, width);
  if (silu) dz = f32x4.mul(dz, siluGrad4(fma(xhat, loadLanes(a, width), loadLanes(b, width))));
  storeLanes(dx, dz, width);
  storeLanes(sumA, f32x4.add(loadLanes(sumA, width), dz), width);
  storeLanes(sumB, fma(dz, xhat, loadLanes(sumB, width)), width);
}

/** dx = rstd (g dz - S1 - xhat S2) of four channels, whose dz stands in dx. */
@inline
function gradOfNorm(
  x: usize, dx: usize, mean: usize, rstd: usize, g: usize, s1: usize, s2: usize, width: i32,
): void {
  const r = loadLanes(rstd, width);
  const xhat = f32x4.mul(f32x4.sub(loadLanes(x, width), loadLanes(mean, width)), r);
  const own = f32x4.sub(f32x4.mul(loadLanes(dx, width), loadLanes(g, width)), loadLanes(s1, width));
  storeLanes(dx, f32x4.mul(r, f32x4.sub(own, f32x4.mul(xhat, loadLanes(s2, width)))), width);
}

/**
 * dx, and dGamma, dBeta (c, accumulated: zeroed by the caller), and dScale, dShift (n, c) where scale is given.
 * With A = sum dz and B = sum dz xhat per channel and g = gamma (1 + scale):
 * dx = rstd (g dz - S1 - xhat S2), where S1 and S2 are the group means of g A and g B.
 *
 * @param scratch 6 * c floats
 */
export function groupNormGrad(
  x: usize, gamma: usize, beta: usize, scale: usize, shift: usize, dy: usize,
  dx: usize, dGamma: usize, dBeta: usize, dScale: usize, dShift: usize, scratch: usize,
  n: i32, pixels: i32, c: i32, groups: i32, eps: f32, silu: bool,
): void {
  const rowBytes = <usize>c << 2;
  const whole = (c & ~3) << 2;
  const mean = scratch;
  const rstd = mean + rowBytes;
  const sumA = rstd + rowBytes;
  const sumB = sumA + rowBytes;
  const a = sumB + rowBytes;
  const b = a + rowBytes;
  const size = c / groups;
  const inverse = 1 / (<f64>pixels * <f64>size);
  for (let i = 0; i < n; i++) {
    groupStats(x, mean, rstd, pixels, c, groups, eps);
    memory.fill(sumA, 0, 2 * rowBytes);
    for (let j = 0; j < c; j++) {
      const at = <usize>j << 2;
      const s: f32 = scale ? <f32>1 + load<f32>(scale + at) : 1;
      store<f32>(a + at, load<f32>(gamma + at) * s);
      store<f32>(b + at, load<f32>(beta + at) * s + (scale ? load<f32>(shift + at) : 0));
    }
    let p = x, q = dy, o = dx;
    for (let k = 0; k < pixels; k++, p += rowBytes, q += rowBytes, o += rowBytes) {
      for (let at = 0; at < whole; at += 16) {
        gradOfSum(p + at, q + at, o + at, mean + at, rstd + at, a + at, b + at, sumA + at, sumB + at, silu, 4);
      }
      if (c & 3) {
        gradOfSum(
          p + whole, q + whole, o + whole, mean + whole, rstd + whole, a + whole, b + whole, sumA + whole, sumB + whole,
          silu, c & 3,
        );
      }
    }
    for (let j = 0; j < c; j++) {
      const at = <usize>j << 2;
      const ofChannel = load<f32>(sumA + at);
      const withXhat = load<f32>(sumB + at);
      const s: f32 = scale ? <f32>1 + load<f32>(scale + at) : 1;
      store<f32>(dGamma + at, load<f32>(dGamma + at) + withXhat * s);
      store<f32>(dBeta + at, load<f32>(dBeta + at) + ofChannel * s);
      if (scale) {
        store<f32>(dScale + at, load<f32>(gamma + at) * withXhat + load<f32>(beta + at) * ofChannel);
        store<f32>(dShift + at, ofChannel);
      }
      store<f32>(sumA + at, ofChannel * load<f32>(a + at));
      store<f32>(sumB + at, withXhat * load<f32>(a + at));
    }
    spread(sumA, c, size, inverse);
    spread(sumB, c, size, inverse);
    for (let k = 0; k < pixels; k++, x += rowBytes, dx += rowBytes) {
      for (let at = 0; at < whole; at += 16) {
        gradOfNorm(x + at, dx + at, mean + at, rstd + at, a + at, sumA + at, sumB + at, 4);
      }
      if (c & 3) {
        gradOfNorm(x + whole, dx + whole, mean + whole, rstd + whole, a + whole, sumA + whole, sumB + whole, c & 3);
      }
    }
    dy += <usize>pixels * rowBytes;
    if (scale) {
      scale += rowBytes; shift += rowBytes; dScale += rowBytes; dShift += rowBytes;
    }
  }
}
