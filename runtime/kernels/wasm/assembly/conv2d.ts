// Convolution on NHWC activations and HWIO filters, as an implicit matrix product.
// Every kernel reads an input that is already padded, so the loops have no borders: the run of kw * channels
// floats below one filter row is contiguous in memory.

// Blocks of 2 output pixels by 16 channels: 8 accumulators, 4 filter vectors and 2 broadcasts stay in registers. Of the blocks
// that leave as many products, engines make this one the fastest: it takes the fewest broadcasts and pointers. What is left of
// the channels, 8 or fewer, goes by blocks of 4 pixels by 8.
import { fma, loadLanes, storeLanes } from './math';
import { PANEL, panelWidth } from './panels';

/** Copies (n, h, w, c) into the middle of (n, top+h+bottom, left+w+right, c); the border is zero or wraps around. */
export function pad2d(
  x: usize, out: usize,
  n: i32, h: i32, w: i32, c: i32,
  top: i32, bottom: i32, left: i32, right: i32, circular: bool,
): void {
  const rowBytes = <usize>(w * c) << 2;
  const pixelBytes = <usize>c << 2;
  const outH = top + h + bottom;
  let o = out;
  for (let i = 0; i < n; i++) {
    for (let y = 0; y < outH; y++) {
      let sy = y - top;
      if (!circular && (sy < 0 || sy >= h)) {
        memory.fill(o, 0, <usize>((left + w + right) * c) << 2);
        o += <usize>((left + w + right) * c) << 2;
        continue;
      }
      sy = ((sy % h) + h) % h;
      const row = x + <usize>(i * h + sy) * rowBytes;
      if (circular) {
        for (let k = 0; k < left; k++) {
          const sx = (((k - left) % w) + w) % w;
          memory.copy(o, row + <usize>sx * pixelBytes, pixelBytes);
          o += pixelBytes;
        }
      } else {
        memory.fill(o, 0, <usize>left * pixelBytes);
        o += <usize>left * pixelBytes;
      }
      memory.copy(o, row, rowBytes);
      o += rowBytes;
      if (circular) {
        for (let k = 0; k < right; k++) {
          memory.copy(o, row + <usize>(k % w) * pixelBytes, pixelBytes);
          o += pixelBytes;
        }
      } else {
        memory.fill(o, 0, <usize>right * pixelBytes);
        o += <usize>right * pixelBytes;
      }
    }
  }
}

/**
 * Spreads (n, h, w, c) over a zeroed (n, outH, outW, c): element (y, x) goes to (top + y*stride, left + x*stride), or
 * nowhere where that lies outside.
 */
export function dilate2d(
  x: usize, out: usize, n: i32, h: i32, w: i32, c: i32,
  outH: i32, outW: i32, top: i32, left: i32, stride: i32,
): void {
  const pixelBytes = <usize>c << 2;
  memory.fill(out, 0, <usize>(n * outH * outW) * pixelBytes);
  for (let i = 0; i < n; i++) {
    for (let y = 0; y < h; y++) {
      const row = x + <usize>((i * h + y) * w) * pixelBytes;
      const outY = top + y * stride;
      if (outY < 0 || outY >= outH) continue;
      for (let k = 0; k < w; k++) {
        const outX = left + k * stride;
        if (outX < 0 || outX >= outW) continue;
        const o = out + <usize>((i * outH + outY) * outW + outX) * pixelBytes;
        memory.copy(o, row + <usize>k * pixelBytes, pixelBytes);
      }
    }
  }
}

/** The adjoint of circular pad2d: out (n, h, w, c) sums every place of the padded x that came from it. */
export function foldRim(
  x: usize, out: usize, n: i32, h: i32, w: i32, c: i32, top: i32, bottom: i32, left: i32, right: i32,
): void {
  const rowBytes = <usize>(w * c) << 2;
  memory.fill(out, 0, <usize>n * <usize>h * rowBytes);
  for (let i = 0; i < n; i++) {
    for (let y = 0; y < top + h + bottom; y++) {
      const row = out + <usize>(i * h + (((y - top) % h) + h) % h) * rowBytes;
      for (let k = 0; k < left + w + right; k++) {
        const pixel = row + (<usize>(((((k - left) % w) + w) % w) * c) << 2);
        for (let j = 0; j < c; j += 4) {
          const o = pixel + (<usize>j << 2);
          storeLanes(o, f32x4.add(loadLanes(o, c - j), loadLanes(x, c - j)), c - j);
          x += <usize>min(4, c - j) << 2;
        }
      }
    }
  }
}

@inline
function store8(o: usize, lo: v128, hi: v128, width: i32): void {
  storeLanes(o, lo, width);
  if (width > 4) storeLanes(o + 16, hi, width - 4);
}

@inline
function store16(o: usize, v0: v128, v1: v128, v2: v128, v3: v128, width: i32): void {
  v128.store(o, v0);
  v128.store(o, v1, 16);
  store8(o + 32, v2, v3, width - 8);
}

/** Four of the channels from `first` of the bias (0 = none). */
@inline
function biasLanes(bias: usize, first: i32, channels: i32): v128 {
  return bias ? loadLanes(bias + (<usize>first << 2), channels - first) : f32x4.splat(0);
}

/** A row of output pixels, `width` channels of one panel; x is the input's row, o the output's. */
function rowOfWidePanel(
  x: usize, panel: usize, bias: usize, o: usize, rowBytes: usize, step: usize, outStep: usize,
  outW: i32, kh: i32, run: i32, first: i32, cout: i32,
): void {
  const width = min(PANEL, cout - first);
  const b0 = biasLanes(bias, first, cout), b1 = biasLanes(bias, first + 4, cout);
  const b2 = biasLanes(bias, first + 8, cout), b3 = biasLanes(bias, first + 12, cout);
  const runBytes = <usize>run << 6;
  let col = 0;
  for (; col + 2 <= outW; col += 2) {
    let a00 = b0, a01 = b1, a02 = b2, a03 = b3, a10 = b0, a11 = b1, a12 = b2, a13 = b3;
    let f = panel;
    for (let r = 0; r < kh; r++) {
      let p0 = x + <usize>r * rowBytes;
      let p1 = p0 + step;
      const end = f + runBytes;
      while (f < end) {
        const f0 = v128.load(f), f1 = v128.load(f, 16), f2 = v128.load(f, 32), f3 = v128.load(f, 48);
        const x0 = v128.load32_splat(p0);
        a00 = fma(x0, f0, a00);
        a01 = fma(x0, f1, a01);
        a02 = fma(x0, f2, a02);
        a03 = fma(x0, f3, a03);
        const x1 = v128.load32_splat(p1);
        a10 = fma(x1, f0, a10);
        a11 = fma(x1, f1, a11);
        a12 = fma(x1, f2, a12);
        a13 = fma(x1, f3, a13);
        f += 64; p0 += 4; p1 += 4;
      }
    }
    store16(o, a00, a01, a02, a03, width); o += outStep;
    store16(o, a10, a11, a12, a13, width); o += outStep;
    x += 2 * step;
  }
  if (col == outW) return;
  let a0 = b0, a1 = b1, a2 = b2, a3 = b3;
  let f = panel;
  for (let r = 0; r < kh; r++) {
    let p = x + <usize>r * rowBytes;
    const end = f + runBytes;
    while (f < end) {
      const v = v128.load32_splat(p);
      a0 = fma(v, v128.load(f), a0);
      a1 = fma(v, v128.load(f, 16), a1);
      a2 = fma(v, v128.load(f, 32), a2);
      a3 = fma(v, v128.load(f, 48), a3);
      f += 64; p += 4;
    }
  }
  store16(o, a0, a1, a2, a3, width);
}

/** The same of a panel of 8 channels. */
function rowOfNarrowPanel(
  x: usize, panel: usize, bias: usize, o: usize, rowBytes: usize, step: usize, outStep: usize,
  outW: i32, kh: i32, run: i32, first: i32, cout: i32,
): void {
  const width = cout - first;
  const b0 = biasLanes(bias, first, cout), b1 = biasLanes(bias, first + 4, cout);
  const runBytes = <usize>run << 5;
  let col = 0;
  for (; col + 4 <= outW; col += 4) {
    let a00 = b0, a01 = b1, a10 = b0, a11 = b1, a20 = b0, a21 = b1, a30 = b0, a31 = b1;
    let f = panel;
    for (let r = 0; r < kh; r++) {
      let p0 = x + <usize>r * rowBytes;
      let p1 = p0 + step;
      let p2 = p1 + step;
      let p3 = p2 + step;
      const end = f + runBytes;
      while (f < end) {
        const f0 = v128.load(f), f1 = v128.load(f, 16);
        const x0 = v128.load32_splat(p0);
        a00 = fma(x0, f0, a00);
        a01 = fma(x0, f1, a01);
        const x1 = v128.load32_splat(p1);
        a10 = fma(x1, f0, a10);
        a11 = fma(x1, f1, a11);
        const x2 = v128.load32_splat(p2);
        a20 = fma(x2, f0, a20);
        a21 = fma(x2, f1, a21);
        const x3 = v128.load32_splat(p3);
        a30 = fma(x3, f0, a30);
        a31 = fma(x3, f1, a31);
        f += 32; p0 += 4; p1 += 4; p2 += 4; p3 += 4;
      }
    }
    store8(o, a00, a01, width); o += outStep;
    store8(o, a10, a11, width); o += outStep;
    store8(o, a20, a21, width); o += outStep;
    store8(o, a30, a31, width); o += outStep;
    x += 4 * step;
  }
  for (; col < outW; col++) {
    let a0 = b0, a1 = b1;
    let f = panel;
    for (let r = 0; r < kh; r++) {
      let p = x + <usize>r * rowBytes;
      const end = f + runBytes;
      while (f < end) {
        const v = v128.load32_splat(p);
        a0 = fma(v, v128.load(f), a0);
        a1 = fma(v, v128.load(f, 16), a1);
        f += 32; p += 4;
      }
    }
    store8(o, a0, a1, width); o += outStep;
    x += step;
  }
}

/**
 * out (n, outH, outW, cout) = valid convolution of x (n, h, w, cin) with packed panels, plus bias (0 = none).
 */
export function conv2d(
  x: usize, panels: usize, bias: usize, out: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, kh: i32, kw: i32, stride: i32,
): void {
  const run = kw * cin;
  const rowBytes = <usize>(w * cin) << 2;
  const step = <usize>(stride * cin) << 2;
  const outStep = <usize>cout << 2;
  for (let first = 0; first < cout; first += PANEL) {
    const panel = panels + (<usize>(first * kh * run) << 2);
    const isWide = panelWidth(first, cout) == PANEL;
    for (let i = 0; i < n; i++) {
      for (let y = 0; y < outH; y++) {
        const row = x + <usize>(i * h + y * stride) * rowBytes;
        const o = out + (<usize>((i * outH + y) * outW * cout + first) << 2);
        if (isWide) rowOfWidePanel(row, panel, bias, o, rowBytes, step, outStep, outW, kh, run, first, cout);
        else rowOfNarrowPanel(row, panel, bias, o, rowBytes, step, outStep, outW, kh, run, first, cout);
      }
    }
  }
}

/**
 * dFilter (kh, kw, cin, cout) += sum over pixels of x at the tap times dy, one group of n images.
 * x comes as panels of 4 channels of the padded input (cin/4, n*h*w, 4), dy as panels of 16 (cout/16, n*outH*outW, 16).
 */
export function conv2dGradFilter(
  x: usize, dy: usize, dFilter: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, kh: i32, kw: i32, stride: i32,
): void {
  const xPanelBytes = <usize>(n * h * w) << 4;
  for (let co = 0; co < cout; co += PANEL) {
    const dyPanel = dy + (<usize>(co * n * outH * outW) << 2);
    const isWide = panelWidth(co, cout) == PANEL;
    for (let ci = 0; ci < cin; ci += isWide ? 2 : 4) {
      const xPanel = x + <usize>(ci >> 2) * xPanelBytes + (<usize>(ci & 2) << 2);
      for (let tap = 0; tap < kh * kw; tap++) {
        const o = dFilter + (<usize>((tap * cin + ci) * cout + co) << 2);
        const at = xPanel + (<usize>(tap / kw * w + tap % kw) << 4);
        if (isWide) addWideGrad(at, dyPanel, o, n, h, w, outH, outW, cout, stride, min(2, cin - ci), min(PANEL, cout - co));
        else addNarrowGrad(at, dyPanel, o, n, h, w, outH, outW, cout, stride, min(4, cin - ci), cout - co);
      }
    }
  }
}

/** The gradient of one tap by 2 input and 16 output channels. */
@inline
function addWideGrad(
  x: usize, dy: usize, o: usize, n: i32, h: i32, w: i32, outH: i32, outW: i32, cout: i32, stride: i32, rows: i32, width: i32,
): void {
  const step = <usize>stride << 4;
  let a00 = f32x4.splat(0), a01 = a00, a02 = a00, a03 = a00, a10 = a00, a11 = a00, a12 = a00, a13 = a00;
  for (let i = 0; i < n; i++) {
    for (let y = 0; y < outH; y++) {
      let p = x + (<usize>((i * h + y * stride) * w) << 4);
      const end = dy + (<usize>outW << 6);
      while (dy < end) {
        const d0 = v128.load(dy), d1 = v128.load(dy, 16), d2 = v128.load(dy, 32), d3 = v128.load(dy, 48);
        const x0 = v128.load32_splat(p);
        a00 = fma(x0, d0, a00);
        a01 = fma(x0, d1, a01);
        a02 = fma(x0, d2, a02);
        a03 = fma(x0, d3, a03);
        const x1 = v128.load32_splat(p, 4);
        a10 = fma(x1, d0, a10);
        a11 = fma(x1, d1, a11);
        a12 = fma(x1, d2, a12);
        a13 = fma(x1, d3, a13);
        p += step; dy += 64;
      }
    }
  }
  add8(o, a00, a01, 8);
  add8(o + 32, a02, a03, width - 8);
  if (rows == 1) return;
  o += <usize>cout << 2;
  add8(o, a10, a11, 8);
  add8(o + 32, a12, a13, width - 8);
}

/** The gradient of one tap by 4 input and 8 output channels. */
@inline
function addNarrowGrad(
  x: usize, dy: usize, o: usize, n: i32, h: i32, w: i32, outH: i32, outW: i32, cout: i32, stride: i32, rows: i32, width: i32,
): void {
  const step = <usize>stride << 4;
  let a00 = f32x4.splat(0), a01 = a00, a10 = a00, a11 = a00, a20 = a00, a21 = a00, a30 = a00, a31 = a00;
  for (let i = 0; i < n; i++) {
    for (let y = 0; y < outH; y++) {
      let p = x + (<usize>((i * h + y * stride) * w) << 4);
      const end = dy + (<usize>outW << 5);
      while (dy < end) {
        const d0 = v128.load(dy), d1 = v128.load(dy, 16);
        const x0 = v128.load32_splat(p);
        a00 = fma(x0, d0, a00);
        a01 = fma(x0, d1, a01);
        const x1 = v128.load32_splat(p, 4);
        a10 = fma(x1, d0, a10);
        a11 = fma(x1, d1, a11);
        const x2 = v128.load32_splat(p, 8);
        a20 = fma(x2, d0, a20);
        a21 = fma(x2, d1, a21);
        const x3 = v128.load32_splat(p, 12);
        a30 = fma(x3, d0, a30);
        a31 = fma(x3, d1, a31);
        p += step; dy += 32;
      }
    }
  }
  const next = <usize>cout << 2;
  add8(o, a00, a01, width);
  if (rows > 1) add8(o + next, a10, a11, width);
  if (rows > 2) add8(o + 2 * next, a20, a21, width);
  if (rows > 3) add8(o + 3 * next, a30, a31, width);
}

@inline
function add8(o: usize, lo: v128, hi: v128, width: i32): void {
  storeLanes(o, f32x4.add(loadLanes(o, width), lo), width);
  if (width > 4) storeLanes(o + 16, f32x4.add(loadLanes(o + 16, width - 4), hi), width - 4);
}
