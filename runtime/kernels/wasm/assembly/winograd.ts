// 3×3 convolutions of stride 1 by Winograd's minimal filtering F(2×2, 3×3): of the 36 products that a tile of 2×2 output
// pixels takes, 16 are left. Lavin & Gray 2016, arXiv:1509.09308, section 4.1:
//
//   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A      d: 4×4 input pixels, g: 3×3 taps, Y: 2×2 output pixels
//
// Summed over channels, ⊙ becomes 16 matrix products, one for each place of the 4×4. They are the products of conv2d.ts:
// a pointwise convolution over tiles, and its gradient by the filter. The formula is bilinear, so its adjoint gives the
// gradient by the filter: Gᵀ [ Σ over tiles of (Bᵀ d B) ⊙ (A dY Aᵀ) ] G.
//
// Channels come in multiples of 8. Tiles are counted over images, rows and columns: `first` … `first + count` of them.
import { conv2d, conv2dGradFilter } from './conv2d';

/** Bytes from one plane to the next: a cache line more than it holds, or powers of two would meet in one cache set. */
@inline
export function planeBytes(rows: i32, columns: i32): usize {
  return (<usize>(rows * columns) << 2) + 64;
}

/** One dimension of Bᵀ d: d0 − d2, d1 + d2, d2 − d1, d1 − d3. */
@inline
function inputRow(i: i32, d0: v128, d1: v128, d2: v128, d3: v128): v128 {
  if (i == 0) return f32x4.sub(d0, d2);
  if (i == 1) return f32x4.add(d1, d2);
  if (i == 2) return f32x4.sub(d2, d1);
  return f32x4.sub(d1, d3);
}

/** Bᵀ d B of four pixels' rows, stored plane after plane. */
@inline
function storeInput(v: usize, plane: usize, i: i32, e0: v128, e1: v128, e2: v128, e3: v128): void {
  const o = v + <usize>(i << 2) * plane;
  v128.store(o, inputRow(0, e0, e1, e2, e3));
  v128.store(o + plane, inputRow(1, e0, e1, e2, e3));
  v128.store(o + 2 * plane, inputRow(2, e0, e1, e2, e3));
  v128.store(o + 3 * plane, inputRow(3, e0, e1, e2, e3));
}

/**
 * Tiles of the padded x (n, h, w, c) as Bᵀ d B, 16 planes: rows of c channels (`panels` false), or panels of 4 channels
 * (c/4, count, 4).
 */
function transformInput(
  x: usize, v: usize, h: i32, w: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32, panels: bool,
): void {
  const pixel = <usize>c << 2;
  const row = <usize>w * pixel;
  const plane = planeBytes(count, c);
  const tileStep: usize = panels ? 16 : pixel;
  const blockStep: usize = panels ? <usize>count << 4 : 16;
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const tileX = tile % tilesX;
    const line = tile / tilesX;
    let p = x + <usize>(line / tilesY * h + 2 * (line % tilesY)) * row + <usize>(2 * tileX) * pixel;
    let o = v + <usize>t * tileStep;
    for (let k = 0; k < c; k += 4) {
      // Columns first: e of column j is Bᵀ applied to its four pixels.
      const d00 = v128.load(p), d01 = v128.load(p + pixel), d02 = v128.load(p + 2 * pixel), d03 = v128.load(p + 3 * pixel);
      const p1 = p + row;
      const d10 = v128.load(p1), d11 = v128.load(p1 + pixel), d12 = v128.load(p1 + 2 * pixel), d13 = v128.load(p1 + 3 * pixel);
      const p2 = p1 + row;
      const d20 = v128.load(p2), d21 = v128.load(p2 + pixel), d22 = v128.load(p2 + 2 * pixel), d23 = v128.load(p2 + 3 * pixel);
      const p3 = p2 + row;
      const d30 = v128.load(p3), d31 = v128.load(p3 + pixel), d32 = v128.load(p3 + 2 * pixel), d33 = v128.load(p3 + 3 * pixel);
      storeInput(o, plane, 0, f32x4.sub(d00, d20), f32x4.sub(d01, d21), f32x4.sub(d02, d22), f32x4.sub(d03, d23));
      storeInput(o, plane, 1, f32x4.add(d10, d20), f32x4.add(d11, d21), f32x4.add(d12, d22), f32x4.add(d13, d23));
      storeInput(o, plane, 2, f32x4.sub(d20, d10), f32x4.sub(d21, d11), f32x4.sub(d22, d12), f32x4.sub(d23, d13));
      storeInput(o, plane, 3, f32x4.sub(d10, d30), f32x4.sub(d11, d31), f32x4.sub(d12, d32), f32x4.sub(d13, d33));
      p += 16;
      o += blockStep;
    }
  }
}

/** 2×2 output pixels of each tile from 16 planes (count, c), plus bias (0 = none); what lies outside is dropped. */
function transformOutput(
  m: usize, bias: usize, out: usize, outH: i32, outW: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32,
): void {
  const pixel = <usize>c << 2;
  const plane = planeBytes(count, c);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const line = tile / tilesX;
    const x = 2 * (tile % tilesX);
    const y = 2 * (line % tilesY);
    const hasRight = x + 1 < outW;
    const hasBelow = y + 1 < outH;
    let o = out + <usize>((line / tilesY * outH + y) * outW + x) * pixel;
    const below = <usize>outW * pixel;
    let p = m + <usize>t * pixel;
    for (let k = 0; k < c; k += 4) {
      const b = bias ? v128.load(bias + (<usize>k << 2)) : f32x4.splat(0);
      let top0 = f32x4.splat(0), top1 = top0, bottom0 = top0, bottom1 = top0;
      let q = p;
      for (let i = 0; i < 4; i++) {
        const m0 = v128.load(q), m1 = v128.load(q + plane), m2 = v128.load(q + 2 * plane), m3 = v128.load(q + 3 * plane);
        const left = f32x4.add(f32x4.add(m0, m1), m2);
        const right = f32x4.sub(f32x4.sub(m1, m2), m3);
        if (i < 3) {
          top0 = f32x4.add(top0, left);
          top1 = f32x4.add(top1, right);
        }
        if (i == 1) {
          bottom0 = f32x4.add(bottom0, left);
          bottom1 = f32x4.add(bottom1, right);
        } else if (i > 1) {
          bottom0 = f32x4.sub(bottom0, left);
          bottom1 = f32x4.sub(bottom1, right);
        }
        q += 4 * plane;
      }
      v128.store(o, f32x4.add(top0, b));
      if (hasRight) v128.store(o + pixel, f32x4.add(top1, b));
      if (hasBelow) v128.store(o + below, f32x4.add(bottom0, b));
      if (hasRight && hasBelow) v128.store(o + below + pixel, f32x4.add(bottom1, b));
      o += 16;
      p += 16;
    }
  }
}

/** A dY Aᵀ of each tile's 2×2 pixels of dy, 16 planes of panels of 8 channels (c/8, count, 8); outside, dy is 0. */
function transformOutputGrad(
  dy: usize, v: usize, outH: i32, outW: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32,
): void {
  const pixel = <usize>c << 2;
  const plane = planeBytes(count, c);
  const below = <usize>outW * pixel;
  const zero = f32x4.splat(0);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const line = tile / tilesX;
    const x = 2 * (tile % tilesX);
    const y = 2 * (line % tilesY);
    const hasRight = x + 1 < outW;
    const hasBelow = y + 1 < outH;
    let p = dy + <usize>((line / tilesY * outH + y) * outW + x) * pixel;
    for (let k = 0; k < c; k += 4) {
      const d00 = v128.load(p);
      const d01 = hasRight ? v128.load(p + pixel) : zero;
      const d10 = hasBelow ? v128.load(p + below) : zero;
      const d11 = hasRight && hasBelow ? v128.load(p + below + pixel) : zero;
      const o = v + <usize>((k >> 3) * count + t) * 32 + (<usize>(k & 4) << 2);
      storeOutputGrad(o, plane, 0, d00, d01);
      storeOutputGrad(o, plane, 1, f32x4.add(d00, d10), f32x4.add(d01, d11));
      storeOutputGrad(o, plane, 2, f32x4.sub(d00, d10), f32x4.sub(d01, d11));
      storeOutputGrad(o, plane, 3, f32x4.neg(d10), f32x4.neg(d11));
      p += 16;
    }
  }
}

@inline
function storeOutputGrad(v: usize, plane: usize, i: i32, left: v128, right: v128): void {
  const o = v + <usize>(i << 2) * plane;
  v128.store(o, left);
  v128.store(o + plane, f32x4.add(left, right));
  v128.store(o + 2 * plane, f32x4.sub(left, right));
  v128.store(o + 3 * plane, f32x4.neg(right));
}

/** One dimension of G g: g0, (g0 + g1 + g2) / 2, (g0 − g1 + g2) / 2, g2. */
@inline
function filterRow(i: i32, g0: v128, g1: v128, g2: v128): v128 {
  if (i == 0) return g0;
  if (i == 3) return g2;
  const outer = f32x4.add(g0, g2);
  return f32x4.mul(i == 1 ? f32x4.add(outer, g1) : f32x4.sub(outer, g1), f32x4.splat(0.5));
}

@inline
function storeFilter(
  o: usize, plane: usize, g00: v128, g01: v128, g02: v128, g10: v128, g11: v128, g12: v128, g20: v128, g21: v128, g22: v128,
): void {
  for (let i = 0; i < 4; i++) {
    const e0 = filterRow(i, g00, g10, g20), e1 = filterRow(i, g01, g11, g21), e2 = filterRow(i, g02, g12, g22);
    for (let j = 0; j < 4; j++) v128.store(o + <usize>(i * 4 + j) * plane, filterRow(j, e0, e1, e2));
  }
}

/** Filter (3, 3, cin, cout) as G g Gᵀ: 16 planes of panels of 8 output channels (cout/8, cin, 8). */
export function winogradFilter(filter: usize, u: usize, cin: i32, cout: i32): void {
  const tap = <usize>(cin * cout) << 2;
  const plane = planeBytes(cin, cout);
  for (let ci = 0; ci < cin; ci++) {
    for (let co = 0; co < cout; co += 4) {
      const p = filter + (<usize>(ci * cout + co) << 2);
      const o = u + <usize>((co >> 3) * cin + ci) * 32 + (<usize>(co & 4) << 2);
      storeFilter(
        o, plane,
        v128.load(p), v128.load(p + tap), v128.load(p + 2 * tap),
        v128.load(p + 3 * tap), v128.load(p + 4 * tap), v128.load(p + 5 * tap),
        v128.load(p + 6 * tap), v128.load(p + 7 * tap), v128.load(p + 8 * tap),
      );
    }
  }
}

/** Four neighbouring input channels of one tap. */
@inline
function column(p: usize, step: usize): v128 {
  let v = v128.load32_zero(p);
  v = v128.load_lane<f32>(p + step, v, 1);
  v = v128.load_lane<f32>(p + 2 * step, v, 2);
  return v128.load_lane<f32>(p + 3 * step, v, 3);
}

/** The same planes for the gradient by the input: taps reversed, input and output channels exchanged. */
export function winogradFilterTransposed(filter: usize, u: usize, cin: i32, cout: i32): void {
  const tap = <usize>(cin * cout) << 2;
  const plane = planeBytes(cin, cout);
  const step = <usize>cout << 2;
  for (let co = 0; co < cout; co++) {
    for (let ci = 0; ci < cin; ci += 4) {
      const p = filter + (<usize>(ci * cout + co) << 2);
      const o = u + <usize>((ci >> 3) * cout + co) * 32 + (<usize>(ci & 4) << 2);
      storeFilter(
        o, plane,
        column(p + 8 * tap, step), column(p + 7 * tap, step), column(p + 6 * tap, step),
        column(p + 5 * tap, step), column(p + 4 * tap, step), column(p + 3 * tap, step),
        column(p + 2 * tap, step), column(p + tap, step), column(p, step),
      );
    }
  }
}

/**
 * out (n, outH, outW, cout) = valid convolution of x (n, h, w, cin) with a transformed filter, plus bias (0 = none);
 * h ≥ outH + 2, rounded up to even, likewise w.
 *
 * @param v scratch for 16 planes of group * cin floats
 * @param m scratch for 16 planes of group * cout floats
 */
export function winogradConv2d(
  x: usize, u: usize, bias: usize, out: usize, v: usize, m: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, group: i32,
): void {
  const tilesY = (outH + 1) >> 1, tilesX = (outW + 1) >> 1;
  const tiles = n * tilesY * tilesX;
  const filterPlane = planeBytes(cin, cout);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    transformInput(x, v, h, w, cin, tilesY, tilesX, first, count, false);
    for (let k = 0; k < 16; k++) {
      const from = v + <usize>k * planeBytes(count, cin);
      const to = m + <usize>k * planeBytes(count, cout);
      conv2d(from, u + <usize>k * filterPlane, 0, to, 1, 1, count, cin, 1, count, cout, 1, 1, 1);
    }
    transformOutput(m, bias, out, outH, outW, cout, tilesY, tilesX, first, count);
  }
}

/**
 * dFilter (3, 3, cin, cout) of the convolution above.
 *
 * @param v scratch for 16 planes of group * cin floats
 * @param d scratch for 16 planes of group * cout floats
 * @param s scratch for 16 planes of cin * cout floats
 */
export function winogradGradFilter(
  x: usize, dy: usize, dFilter: usize, v: usize, d: usize, s: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, group: i32,
): void {
  const tilesY = (outH + 1) >> 1, tilesX = (outW + 1) >> 1;
  const tiles = n * tilesY * tilesX;
  const plane = planeBytes(cin, cout);
  memory.fill(s, 0, 16 * plane);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    transformInput(x, v, h, w, cin, tilesY, tilesX, first, count, true);
    transformOutputGrad(dy, d, outH, outW, cout, tilesY, tilesX, first, count);
    for (let k = 0; k < 16; k++) {
      const image = v + <usize>k * planeBytes(count, cin);
      const grad = d + <usize>k * planeBytes(count, cout);
      conv2dGradFilter(image, grad, s + <usize>k * plane, 1, 1, count, cin, 1, count, cout, 1, 1, 1);
    }
  }
  transformFilterGrad(s, dFilter, plane, <usize>(cin * cout) << 2);
}

/** Gᵀ S G of 16 planes into 9. */
function transformFilterGrad(s: usize, dFilter: usize, plane: usize, tap: usize): void {
  for (let at: usize = 0; at < tap; at += 16) {
    const p = s + at;
    for (let j = 0; j < 3; j++) {
      const e0 = filterGradRow(j, p, plane), e1 = filterGradRow(j, p + 4 * plane, plane);
      const e2 = filterGradRow(j, p + 8 * plane, plane), e3 = filterGradRow(j, p + 12 * plane, plane);
      const o = dFilter + at + <usize>j * tap;
      const inner = f32x4.mul(f32x4.add(e1, e2), f32x4.splat(0.5));
      v128.store(o, f32x4.add(e0, inner));
      v128.store(o + 3 * tap, f32x4.mul(f32x4.sub(e1, e2), f32x4.splat(0.5)));
      v128.store(o + 6 * tap, f32x4.add(e3, inner));
    }
  }
}

/** One dimension of Gᵀ S: s0 + (s1 + s2) / 2, (s1 − s2) / 2, (s1 + s2) / 2 + s3. */
@inline
function filterGradRow(j: i32, p: usize, plane: usize): v128 {
  const s1 = v128.load(p + plane), s2 = v128.load(p + 2 * plane);
  if (j == 1) return f32x4.mul(f32x4.sub(s1, s2), f32x4.splat(0.5));
  const inner = f32x4.mul(f32x4.add(s1, s2), f32x4.splat(0.5));
  return f32x4.add(inner, v128.load(j == 0 ? p : p + 3 * plane));
}
