// The transforms of Winograd's F(4×4, 3×3), see winograd.ts: of the 144 products that a tile of 4×4 output pixels takes, 36 are
// left, where four tiles of 2×2 leave 64. The transforms evaluate polynomials at 0, ±a, ±b and infinity. With a = √½ and b = √2
// the error is a fifth of that with the usual 1 and 2, and about that of the plain sum; what the choice of the points does is
// told by Barabasz et al. 2020, arXiv:1803.10986.
//
// A tile is transformed column by column, then row by row; `between` has room for the 36 vectors that lie between the two.
import { fma } from './math';
import { placeInPanels } from './panels';
import { pixelsWithin, planeBytes, tapsOf, tileAddress } from './planes';

/** Points of each dimension. */
const POINTS: usize = 6;

const A: f32 = 0.70710678118654752;
const B: f32 = 1.4142135623730951;
/** a³ and b³. */
const A3: f32 = 0.35355339059327376;
const B3: f32 = 2.8284271247461903;

/** b + s a. */
@inline
function plusScaled(b: v128, s: f32, a: v128): v128 {
  return fma(a, f32x4.splat(s), b);
}

/** Bᵀ d of the 6 vectors from p, `from` bytes apart, stored `to` bytes apart. */
@inline
function inputTransform(p: usize, from: usize, o: usize, to: usize): void {
  const d1 = v128.load(p + from), d2 = v128.load(p + 2 * from), d3 = v128.load(p + 3 * from), d4 = v128.load(p + 4 * from);
  v128.store(o, f32x4.add(plusScaled(v128.load(p), -2.5, d2), d4));
  const evenA = plusScaled(d4, -2, d2), oddA = f32x4.mul(plusScaled(d3, -2, d1), f32x4.splat(A));
  v128.store(o + to, f32x4.add(evenA, oddA));
  v128.store(o + 2 * to, f32x4.sub(evenA, oddA));
  const evenB = plusScaled(d4, -0.5, d2), oddB = f32x4.mul(plusScaled(d3, -0.5, d1), f32x4.splat(B));
  v128.store(o + 3 * to, f32x4.add(evenB, oddB));
  v128.store(o + 4 * to, f32x4.sub(evenB, oddB));
  v128.store(o + 5 * to, f32x4.add(plusScaled(d1, -2.5, d3), v128.load(p + 5 * from)));
}

/**
 * Tiles of the padded x (n, h, w, c) as Bᵀ d B, 36 planes: rows of c channels (`panels` false), or panels of 4 channels
 * (c/4, count, 4).
 */
export function transformInput(
  x: usize, v: usize, h: i32, w: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32, panels: bool,
  between: usize,
): void {
  const pixel = <usize>c << 2;
  const row = <usize>w * pixel;
  const plane = planeBytes(count, c);
  const tileStep: usize = panels ? 16 : pixel;
  const blockStep: usize = panels ? <usize>count << 4 : 16;
  for (let t = 0; t < count; t++) {
    let p = tileAddress(x, first + t, 4, tilesY, tilesX, h, w, c);
    let o = v + <usize>t * tileStep;
    for (let k = 0; k < c; k += 4) {
      for (let j: usize = 0; j < POINTS; j++) inputTransform(p + j * pixel, row, between + (j << 4), POINTS << 4);
      for (let i: usize = 0; i < POINTS; i++) inputTransform(between + i * (POINTS << 4), 16, o + i * POINTS * plane, plane);
      p += 16;
      o += blockStep;
    }
  }
}

/** Aᵀ m of the 6 vectors from p, `from` bytes apart, plus b; the first `count` of the 4 are stored, `to` bytes apart. */
@inline
function outputTransform(p: usize, from: usize, b: v128, o: usize, to: usize, count: i32): void {
  const m1 = v128.load(p + from), m2 = v128.load(p + 2 * from), m3 = v128.load(p + 3 * from), m4 = v128.load(p + 4 * from);
  const sumA = f32x4.add(m1, m2), sumB = f32x4.add(m3, m4);
  v128.store(o, f32x4.add(f32x4.add(f32x4.add(v128.load(p), sumA), sumB), b));
  if (count == 1) return;
  const differenceA = f32x4.sub(m1, m2), differenceB = f32x4.sub(m3, m4);
  v128.store(o + to, plusScaled(plusScaled(b, A, differenceA), B, differenceB));
  if (count == 2) return;
  v128.store(o + 2 * to, plusScaled(plusScaled(b, 0.5, sumA), 2, sumB));
  if (count == 3) return;
  const last = f32x4.add(v128.load(p + 5 * from), b);
  v128.store(o + 3 * to, plusScaled(plusScaled(last, A3, differenceA), B3, differenceB));
}

/** 4×4 output pixels of each tile from 36 planes (count, c), plus bias (0 = none); what lies outside is dropped. */
export function transformOutput(
  m: usize, bias: usize, out: usize, outH: i32, outW: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32,
  between: usize,
): void {
  const pixel = <usize>c << 2;
  const plane = planeBytes(count, c);
  const zero = f32x4.splat(0);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const width = pixelsWithin(tile % tilesX, 4, outW), height = pixelsWithin(tile / tilesX % tilesY, 4, outH);
    const o = tileAddress(out, tile, 4, tilesY, tilesX, outH, outW, c);
    const p = m + <usize>t * pixel;
    for (let k: usize = 0; k < pixel; k += 16) {
      // Rows first, of which each of the 6 gives 4 columns.
      for (let i: usize = 0; i < POINTS; i++) outputTransform(p + k + i * POINTS * plane, plane, zero, between + (i << 6), 16, 4);
      const b = bias ? v128.load(bias + k) : zero;
      for (let j: usize = 0; j < <usize>width; j++) {
        outputTransform(between + (j << 4), 64, b, o + k + j * pixel, <usize>outW * pixel, height);
      }
    }
  }
}

/** A dY of 4 vectors, given as loaded, stored `to` bytes apart. */
@inline
function outputGradTransform(y0: v128, y1: v128, y2: v128, y3: v128, o: usize, to: usize): void {
  v128.store(o, y0);
  const evenA = plusScaled(y0, 0.5, y2), oddA = plusScaled(f32x4.mul(y1, f32x4.splat(A)), A3, y3);
  v128.store(o + to, f32x4.add(evenA, oddA));
  v128.store(o + 2 * to, f32x4.sub(evenA, oddA));
  const evenB = plusScaled(y0, 2, y2), oddB = plusScaled(f32x4.mul(y1, f32x4.splat(B)), B3, y3);
  v128.store(o + 3 * to, f32x4.add(evenB, oddB));
  v128.store(o + 4 * to, f32x4.sub(evenB, oddB));
  v128.store(o + 5 * to, y3);
}

/** A dY Aᵀ of each tile's 4×4 pixels of dy, 36 planes of panels of 16 channels (c/16, count, 16); outside, dy is 0. */
export function transformOutputGrad(
  dy: usize, v: usize, outH: i32, outW: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32,
  between: usize,
): void {
  const pixel = <usize>c << 2;
  const row = <usize>outW * pixel;
  const plane = planeBytes(count, c);
  const zero = f32x4.splat(0);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const width = pixelsWithin(tile % tilesX, 4, outW), height = pixelsWithin(tile / tilesX % tilesY, 4, outH);
    let p = tileAddress(dy, tile, 4, tilesY, tilesX, outH, outW, c);
    for (let k = 0; k < c; k += 4) {
      const o = v + placeInPanels(t, k, count, c);
      for (let j = 0; j < 4; j++) {
        const q = p + <usize>j * pixel;
        const isInside = j < width;
        const y0 = isInside ? v128.load(q) : zero;
        const y1 = isInside && height > 1 ? v128.load(q + row) : zero;
        const y2 = isInside && height > 2 ? v128.load(q + 2 * row) : zero;
        const y3 = isInside && height > 3 ? v128.load(q + 3 * row) : zero;
        outputGradTransform(y0, y1, y2, y3, between + (<usize>j << 4), 64);
      }
      for (let i: usize = 0; i < POINTS; i++) {
        const q = between + (i << 6);
        const e0 = v128.load(q), e1 = v128.load(q, 16), e2 = v128.load(q, 32), e3 = v128.load(q, 48);
        outputGradTransform(e0, e1, e2, e3, o + i * POINTS * plane, plane);
      }
      p += 16;
    }
  }
}

/** G g of 3 vectors, stored `to` bytes apart. */
@inline
function filterTransform(g0: v128, g1: v128, g2: v128, o: usize, to: usize): void {
  v128.store(o, g0);
  const evenA = f32x4.mul(plusScaled(g0, 0.5, g2), f32x4.splat(-2.0 / 3.0)), oddA = f32x4.mul(g1, f32x4.splat(-2.0 / 3.0 * A));
  v128.store(o + to, f32x4.add(evenA, oddA));
  v128.store(o + 2 * to, f32x4.sub(evenA, oddA));
  const evenB = f32x4.mul(plusScaled(g0, 2, g2), f32x4.splat(1.0 / 6.0)), oddB = f32x4.mul(g1, f32x4.splat(B / 6.0));
  v128.store(o + 3 * to, f32x4.add(evenB, oddB));
  v128.store(o + 4 * to, f32x4.sub(evenB, oddB));
  v128.store(o + 5 * to, g2);
}

/**
 * A filter (3, 3, cin, cout) as G g Gᵀ: 36 planes of panels of 16 output channels (cout/16, cin, 16). With `transposed` those of
 * the gradient by the input: taps reversed, input and output channels exchanged, (cin/16, cout, 16).
 */
export function transformFilter(
  filter: usize, u: usize, cin: i32, cout: i32, transposed: bool, between: usize,
): void {
  const tap = <usize>(cin * cout) << 2;
  const plane = planeBytes(cin, cout);
  const rows = transposed ? cout : cin, columns = transposed ? cin : cout;
  for (let k = 0; k < columns; k += 4) {
    for (let r = 0; r < rows; r++) {
      const p = filter + (<usize>(transposed ? k * cout + r : r * cout + k) << 2);
      const o = u + placeInPanels(r, k, rows, columns);
      for (let j: usize = 0; j < 3; j++) {
        const g0 = tapsOf(p, j, tap, cout, transposed), g1 = tapsOf(p, 3 + j, tap, cout, transposed);
        const g2 = tapsOf(p, 6 + j, tap, cout, transposed);
        filterTransform(g0, g1, g2, between + (j << 4), 48);
      }
      for (let i: usize = 0; i < POINTS; i++) {
        const q = between + i * 48;
        filterTransform(v128.load(q), v128.load(q, 16), v128.load(q, 32), o + i * POINTS * plane, plane);
      }
    }
  }
}

/** Gᵀ s of the 6 vectors from p, `from` bytes apart: 3, stored `to` bytes apart. */
@inline
function filterGradTransform(p: usize, from: usize, o: usize, to: usize): void {
  const s1 = v128.load(p + from), s2 = v128.load(p + 2 * from), s3 = v128.load(p + 3 * from), s4 = v128.load(p + 4 * from);
  const sumA = f32x4.mul(f32x4.add(s1, s2), f32x4.splat(-2.0 / 3.0)), sumB = f32x4.mul(f32x4.add(s3, s4), f32x4.splat(1.0 / 6.0));
  v128.store(o, f32x4.add(f32x4.add(v128.load(p), sumA), sumB));
  const differenceA = f32x4.mul(f32x4.sub(s1, s2), f32x4.splat(-2.0 / 3.0 * A));
  v128.store(o + to, plusScaled(differenceA, B / 6.0, f32x4.sub(s3, s4)));
  v128.store(o + 2 * to, plusScaled(plusScaled(v128.load(p + 5 * from), 0.5, sumA), 2, sumB));
}

/** Gᵀ S G of 36 planes into 9. */
export function transformFilterGrad(s: usize, dFilter: usize, plane: usize, tap: usize, between: usize): void {
  for (let at: usize = 0; at < tap; at += 16) {
    for (let j: usize = 0; j < POINTS; j++) {
      filterGradTransform(s + at + j * plane, POINTS * plane, between + (j << 4), POINTS << 4);
    }
    for (let i: usize = 0; i < 3; i++) {
      filterGradTransform(between + i * (POINTS << 4), 16, dFilter + at + 3 * i * tap, tap);
    }
  }
}
