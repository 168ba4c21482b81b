// 3×3 convolutions of an image that was doubled by repeating each pixel, made of the small image. A tile of F(2×2, 3×3), see
// winograd.ts, then has the pixels s0, s1, s1, s2 in each dimension, of which Bᵀ d is s0 − s1, 2 s1, 0 and s1 − s2. Without the
// third, and with the 2 in the filter:
//
//   y0 = (s0 − s1) g0 + s1 (g0 + g1 + g2)
//   y1 = s1 (g0 + g1 + g2) − (s1 − s2) g2
//
// So 2×2 output pixels take 9 products, where winograd.ts takes 16 and the plain sum 36.
//
// Channels come in multiples of 8. Tiles are the pixels of the small images: `first` … `first + count` of them.
import { conv2d } from './conv2d';
import { placeInPanels } from './panels';
import { planeBytes } from './planes';

/** Tiles of the padded x (n, h + 2, w + 2, c), 9 planes of rows of c channels. */
function transformInput(x: usize, v: usize, h: i32, w: i32, c: i32, first: i32, count: i32): void {
  const pixel = <usize>c << 2;
  const row = <usize>(w + 2) * pixel;
  const plane = planeBytes(count, c);
  let o = v;
  for (let tile = first; tile < first + count; tile++) {
    const line = tile / w;
    let p = x + <usize>(line / h * (h + 2) + line % h) * row + <usize>(tile % w) * pixel;
    for (let k = 0; k < c; k += 4) {
      const p1 = p + row, p2 = p1 + row;
      const s10 = v128.load(p1), s11 = v128.load(p1 + pixel), s12 = v128.load(p1 + 2 * pixel);
      storeInput(
        o, plane, f32x4.sub(v128.load(p), s10), f32x4.sub(v128.load(p + pixel), s11), f32x4.sub(v128.load(p + 2 * pixel), s12),
      );
      storeInput(o + 3 * plane, plane, s10, s11, s12);
      storeInput(
        o + 6 * plane, plane,
        f32x4.sub(s10, v128.load(p2)), f32x4.sub(s11, v128.load(p2 + pixel)), f32x4.sub(s12, v128.load(p2 + 2 * pixel)),
      );
      p += 16;
      o += 16;
    }
  }
}

@inline
function storeInput(o: usize, plane: usize, e0: v128, e1: v128, e2: v128): void {
  v128.store(o, f32x4.sub(e0, e1));
  v128.store(o + plane, e1);
  v128.store(o + 2 * plane, f32x4.sub(e1, e2));
}

/** 2×2 output pixels (n, 2h, 2w, c) of each tile from 9 planes (count, c), plus bias (0 = none). */
function transformOutput(m: usize, bias: usize, out: usize, w: i32, c: i32, first: i32, count: i32): void {
  const pixel = <usize>c << 2;
  const plane = planeBytes(count, c);
  const below = <usize>(2 * w) * pixel;
  let p = m;
  for (let tile = first; tile < first + count; tile++) {
    let o = out + <usize>(2 * (tile / w)) * below + <usize>(2 * (tile % w)) * pixel;
    for (let k = 0; k < c; k += 4) {
      const b = bias ? v128.load(bias + (<usize>k << 2)) : f32x4.splat(0);
      const top1 = v128.load(p + plane), middle1 = v128.load(p + 4 * plane), bottom1 = v128.load(p + 7 * plane);
      const middleLeft = f32x4.add(v128.load(p + 3 * plane), middle1);
      const middleRight = f32x4.sub(middle1, v128.load(p + 5 * plane));
      const left = f32x4.add(middleLeft, b), right = f32x4.add(middleRight, b);
      v128.store(o, f32x4.add(f32x4.add(v128.load(p), top1), left));
      v128.store(o + pixel, f32x4.add(f32x4.sub(top1, v128.load(p + 2 * plane)), right));
      v128.store(o + below, f32x4.sub(left, f32x4.add(v128.load(p + 6 * plane), bottom1)));
      v128.store(o + below + pixel, f32x4.sub(right, f32x4.sub(bottom1, v128.load(p + 8 * plane))));
      o += 16;
      p += 16;
    }
  }
}

/** One dimension of the filter: g0, g0 + g1 + g2, g2. */
@inline
function filterRow(i: i32, g0: v128, g1: v128, g2: v128): v128 {
  if (i == 0) return g0;
  if (i == 2) return g2;
  return f32x4.add(f32x4.add(g0, g1), g2);
}

/** Filter (3, 3, cin, cout) as 9 planes of panels of 16 output channels (cout/16, cin, 16). */
export function winogradDoubledFilter(filter: usize, u: usize, cin: i32, cout: i32): void {
  const tap = <usize>(cin * cout) << 2;
  const plane = planeBytes(cin, cout);
  for (let ci = 0; ci < cin; ci++) {
    for (let co = 0; co < cout; co += 4) {
      const p = filter + (<usize>(ci * cout + co) << 2);
      const o = u + placeInPanels(ci, co, cin, cout);
      for (let i = 0; i < 3; i++) {
        const e0 = filterRow(i, v128.load(p), v128.load(p + 3 * tap), v128.load(p + 6 * tap));
        const e1 = filterRow(i, v128.load(p + tap), v128.load(p + 4 * tap), v128.load(p + 7 * tap));
        const e2 = filterRow(i, v128.load(p + 2 * tap), v128.load(p + 5 * tap), v128.load(p + 8 * tap));
        for (let j = 0; j < 3; j++) v128.store(o + <usize>(i * 3 + j) * plane, filterRow(j, e0, e1, e2));
      }
    }
  }
}

/**
 * out (n, 2h, 2w, cout) = x, doubled without its border of one pixel, convolved with a transformed filter, plus bias (0 = none);
 * x is (n, h + 2, w + 2, cin).
 *
 * @param v scratch for 9 planes of group * cin floats
 * @param m scratch for 9 planes of group * cout floats
 */
export function winogradDoubledConv2d(
  x: usize, u: usize, bias: usize, out: usize, v: usize, m: usize, n: i32, h: i32, w: i32, cin: i32, cout: i32, group: i32,
): void {
  const tiles = n * h * w;
  const filterPlane = planeBytes(cin, cout);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    transformInput(x, v, h, w, cin, first, count);
    for (let k = 0; k < 9; k++) {
      const from = v + <usize>k * planeBytes(count, cin);
      const to = m + <usize>k * planeBytes(count, cout);
      conv2d(from, u + <usize>k * filterPlane, 0, to, 1, 1, count, cin, 1, count, cout, 1, 1, 1);
    }
    transformOutput(m, bias, out, w, cout, first, count);
  }
}
