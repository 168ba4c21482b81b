// The transforms of Winograd's F(2×2, 3×3), see winograd.ts: of the 36 products that a tile of 2×2 output pixels takes, 16 are left.
import { placeInPanels } from './panels';
import { pixelsWithin, planeBytes, tapsOf, tileAddress } from './planes';

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
export function transformInput(
  x: usize, v: usize, h: i32, w: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32, panels: bool,
): void {
  const pixel = <usize>c << 2;
  const row = <usize>w * pixel;
  const plane = planeBytes(count, c);
  const tileStep: usize = panels ? 16 : pixel;
  const blockStep: usize = panels ? <usize>count << 4 : 16;
  for (let t = 0; t < count; t++) {
    let p = tileAddress(x, first + t, 2, tilesY, tilesX, h, w, c);
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
export function transformOutput(
  m: usize, bias: usize, out: usize, outH: i32, outW: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32,
): void {
  const pixel = <usize>c << 2;
  const plane = planeBytes(count, c);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const hasRight = pixelsWithin(tile % tilesX, 2, outW) == 2;
    const hasBelow = pixelsWithin(tile / tilesX % tilesY, 2, outH) == 2;
    let o = tileAddress(out, tile, 2, tilesY, tilesX, outH, outW, c);
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

/** A dY Aᵀ of each tile's 2×2 pixels of dy, 16 planes of panels of 16 channels (c/16, count, 16); outside, dy is 0. */
export function transformOutputGrad(
  dy: usize, v: usize, outH: i32, outW: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32,
): void {
  const pixel = <usize>c << 2;
  const plane = planeBytes(count, c);
  const below = <usize>outW * pixel;
  const zero = f32x4.splat(0);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const hasRight = pixelsWithin(tile % tilesX, 2, outW) == 2;
    const hasBelow = pixelsWithin(tile / tilesX % tilesY, 2, outH) == 2;
    let p = tileAddress(dy, tile, 2, tilesY, tilesX, outH, outW, c);
    for (let k = 0; k < c; k += 4) {
      const d00 = v128.load(p);
      const d01 = hasRight ? v128.load(p + pixel) : zero;
      const d10 = hasBelow ? v128.load(p + below) : zero;
      const d11 = hasRight && hasBelow ? v128.load(p + below + pixel) : zero;
      const o = v + placeInPanels(t, k, count, c);
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

/**
 * A filter (3, 3, cin, cout) as G g Gᵀ: 16 planes of panels of 16 output channels (cout/16, cin, 16). With `transposed` those of
 * the gradient by the input: taps reversed, input and output channels exchanged, (cin/16, cout, 16).
 */
export function transformFilter(filter: usize, u: usize, cin: i32, cout: i32, transposed: bool): void {
  const tap = <usize>(cin * cout) << 2;
  const plane = planeBytes(cin, cout);
  const rows = transposed ? cout : cin, columns = transposed ? cin : cout;
  for (let k = 0; k < columns; k += 4) {
    for (let r = 0; r < rows; r++) {
      const p = filter + (<usize>(transposed ? k * cout + r : r * cout + k) << 2);
      const o = u + placeInPanels(r, k, rows, columns);
      const g00 = tapsOf(p, 0, tap, cout, transposed), g01 = tapsOf(p, 1, tap, cout, transposed);
      const g02 = tapsOf(p, 2, tap, cout, transposed), g10 = tapsOf(p, 3, tap, cout, transposed);
      const g11 = tapsOf(p, 4, tap, cout, transposed), g12 = tapsOf(p, 5, tap, cout, transposed);
      const g20 = tapsOf(p, 6, tap, cout, transposed), g21 = tapsOf(p, 7, tap, cout, transposed);
      const g22 = tapsOf(p, 8, tap, cout, transposed);
      for (let i = 0; i < 4; i++) {
        const e0 = filterRow(i, g00, g10, g20), e1 = filterRow(i, g01, g11, g21), e2 = filterRow(i, g02, g12, g22);
        for (let j = 0; j < 4; j++) v128.store(o + <usize>(i * 4 + j) * plane, filterRow(j, e0, e1, e2));
      }
    }
  }
}

/** Gᵀ S G of 16 planes into 9. */
export function transformFilterGrad(s: usize, dFilter: usize, plane: usize, tap: usize): void {
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
