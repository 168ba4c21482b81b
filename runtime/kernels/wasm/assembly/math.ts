// Four-lane building blocks shared by the kernels.

/** a * b + c, in one instruction where the module is built with relaxed SIMD. */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

@inline
export function sumLanes(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/**
 * exp(x) to 2 units in the last place: x = n ln 2 + r, |r| <= ln 2 / 2, a polynomial of degree 6 in r, then 2^n by the exponent
 * bits. The argument is clamped to the range in which the result is a normal number. The polynomial is summed by Estrin's scheme
 * (1960), whose terms need not wait for each other as Horner's do.
 */
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmin(f32x4.splat(88.0), f32x4.pmax(f32x4.splat(-87.0), x));
  // Added to 1.5 · 2^23 a number is rounded to a whole one, which then stands in the lowest bits.
  const shifted = fma(x, f32x4.splat(1.44269504088896341), f32x4.splat(12582912));
  const n = f32x4.sub(shifted, f32x4.splat(12582912));
  let r = fma(n, f32x4.splat(-0.693359375), x);
  r = fma(n, f32x4.splat(2.12194440e-4), r);
  const r2 = f32x4.mul(r, r);
  const low = f32x4.add(f32x4.splat(1.0), r);
  const middle = fma(r, f32x4.splat(1.0 / 6.0), f32x4.splat(0.5));
  const high = fma(r2, f32x4.splat(1.0 / 720.0), fma(r, f32x4.splat(1.0 / 120.0), f32x4.splat(1.0 / 24.0)));
  const p = fma(r2, fma(r2, high, middle), low);
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** 1 / (1 + exp(-x)). */
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** x sigmoid(x). */
@inline
export function silu4(x: v128): v128 {
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}

/** The derivative of x sigmoid(x). */
@inline
export function siluGrad4(x: v128): v128 {
  const s = sigmoid4(x);
  const one = f32x4.splat(1);
  return f32x4.mul(s, f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s))));
}

/** The first `width` (1 to 4) floats at p, the rest 0. */
@inline
export function loadLanes(p: usize, width: i32): v128 {
  if (width >= 4) return v128.load(p);
  let v = f32x4.splat(0);
  if (width > 0) v = f32x4.replace_lane(v, 0, load<f32>(p));
  if (width > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (width > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

/** Stores the first `width` (1 to 4) lanes at p. */
@inline
export function storeLanes(p: usize, v: v128, width: i32): void {
  if (width >= 4) {
    v128.store(p, v);
    return;
  }
  if (width > 0) store<f32>(p, f32x4.extract_lane(v, 0));
  if (width > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (width > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}
