// 3×3 convolutions of stride 1 by Winograd's minimal filtering, in tiles of 2×2 or 4×4 output pixels. Lavin & Gray 2016,
// arXiv:1509.09308, section 4.1:
//
//   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A      d: a tile of input pixels, g: 3×3 taps, Y: 2×2 or 4×4 output pixels
//
// Summed over channels, ⊙ becomes a matrix product for each place of a transformed tile, of which there are 16 or 36. They are
// the products of conv2d.ts: a pointwise convolution over tiles, and its gradient by the filter. The formula is bilinear, so its
// adjoint gives the gradient by the filter: Gᵀ [ Σ over tiles of (Bᵀ d B) ⊙ (A dY Aᵀ) ] G.
//
// Channels come in multiples of 8. Tiles are counted over images, rows and columns: `first` … `first + count` of them. `size` is
// 2 or 4 pixels.
import { conv2d, conv2dGradFilter } from './conv2d';
import { planeBytes } from './planes';
import * as tiles2x2 from './winograd2x2';
import * as tiles4x4 from './winograd4x4';

/** The places of a transformed tile. */
@inline
function planesOf(size: i32): usize {
  return size == 4 ? 36 : 16;
}

/**
 * A transformed filter, or with `transposed` that of the gradient by the input: panels of 16 channels in 16 or 36 planes.
 *
 * @param u 16 planes, or 36 and room for 36 vectors
 */
export function winogradFilter(filter: usize, u: usize, cin: i32, cout: i32, transposed: bool, size: i32): void {
  if (size == 2) tiles2x2.transformFilter(filter, u, cin, cout, transposed);
  else tiles4x4.transformFilter(filter, u, cin, cout, transposed, u + 36 * planeBytes(cin, cout));
}

function transformInput(
  x: usize, v: usize, h: i32, w: i32, c: i32, tilesY: i32, tilesX: i32, first: i32, count: i32, panels: bool,
  size: i32, between: usize,
): void {
  if (size == 2) tiles2x2.transformInput(x, v, h, w, c, tilesY, tilesX, first, count, panels);
  else tiles4x4.transformInput(x, v, h, w, c, tilesY, tilesX, first, count, panels, between);
}

/**
 * out (n, outH, outW, cout) = valid convolution of x (n, h, w, cin) with a transformed filter, plus bias (0 = none);
 * h ≥ outH + 2, where outH is rounded up to whole tiles, likewise w.
 *
 * @param v scratch for 16 or 36 planes of group * cin floats, and for 36 vectors
 * @param m scratch for 16 or 36 planes of group * cout floats
 */
export function winogradConv2d(
  x: usize, u: usize, bias: usize, out: usize, v: usize, m: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, group: i32, size: i32,
): void {
  const tilesY = (outH + size - 1) / size, tilesX = (outW + size - 1) / size;
  const tiles = n * tilesY * tilesX;
  const planes = planesOf(size);
  const between = v + planes * planeBytes(group, cin);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    transformInput(x, v, h, w, cin, tilesY, tilesX, first, count, false, size, between);
    for (let k: usize = 0; k < planes; k++) {
      const from = v + k * planeBytes(count, cin);
      const to = m + k * planeBytes(count, cout);
      conv2d(from, u + k * planeBytes(cin, cout), 0, to, 1, 1, count, cin, 1, count, cout, 1, 1, 1);
    }
    if (size == 2) tiles2x2.transformOutput(m, bias, out, outH, outW, cout, tilesY, tilesX, first, count);
    else tiles4x4.transformOutput(m, bias, out, outH, outW, cout, tilesY, tilesX, first, count, between);
  }
}

/**
 * dFilter (3, 3, cin, cout) of the convolution above.
 *
 * @param v scratch for 16 or 36 planes of group * cin floats, and for 36 vectors
 * @param d scratch for 16 or 36 planes of group * cout floats
 * @param s scratch for 16 or 36 planes of cin * cout floats
 */
export function winogradGradFilter(
  x: usize, dy: usize, dFilter: usize, v: usize, d: usize, s: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, group: i32, size: i32,
): void {
  const tilesY = (outH + size - 1) / size, tilesX = (outW + size - 1) / size;
  const tiles = n * tilesY * tilesX;
  const planes = planesOf(size);
  const plane = planeBytes(cin, cout);
  const between = v + planes * planeBytes(group, cin);
  memory.fill(s, 0, planes * plane);
  for (let first = 0; first < tiles; first += group) {
    const count = min(group, tiles - first);
    transformInput(x, v, h, w, cin, tilesY, tilesX, first, count, true, size, between);
    if (size == 2) tiles2x2.transformOutputGrad(dy, d, outH, outW, cout, tilesY, tilesX, first, count);
    else tiles4x4.transformOutputGrad(dy, d, outH, outW, cout, tilesY, tilesX, first, count, between);
    for (let k: usize = 0; k < planes; k++) {
      const image = v + k * planeBytes(count, cin);
      const grad = d + k * planeBytes(count, cout);
      conv2dGradFilter(image, grad, s + k * plane, 1, 1, count, cin, 1, count, cout, 1, 1, 1);
    }
  }
  const tap = <usize>(cin * cout) << 2;
  if (size == 2) tiles2x2.transformFilterGrad(s, dFilter, plane, tap);
  else tiles4x4.transformFilterGrad(s, dFilter, plane, tap, between);
}
