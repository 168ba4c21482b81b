// Convolution on NHWC activations and HWIO filters, as an implicit matrix product.
// Every kernel reads an input that is already padded, so the loops have no borders: the run of kw * channels
// floats below one filter row is contiguous in memory.

// Blocks of 4 output pixels by 8 output channels: 8 accumulators, 2 filter vectors and 1 broadcast stay in registers.
import { fma, loadLanes, storeLanes } from './math';

const TILE_PIXELS: i32 = 4;
const TILE_CHANNELS: i32 = 8;

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

/** Filter (taps, cin, cout) into panels of 8 output channels: (cout/8, taps * cin, 8), the last one filled with 0. */
export function packFilter(filter: usize, out: usize, taps: i32, cin: i32, cout: i32): void {
  const depth = taps * cin;
  let o = out;
  for (let c0 = 0; c0 < cout; c0 += TILE_CHANNELS) {
    const width = min(TILE_CHANNELS, cout - c0);
    for (let k = 0; k < depth; k++) {
      const row = filter + (<usize>(k * cout + c0) << 2);
      v128.store(o, loadLanes(row, width));
      v128.store(o, loadLanes(row + 16, width - 4), 16);
      o += 32;
    }
  }
}

/** The same panels for the gradient by the input: taps reversed, input and output channels exchanged. */
export function packFilterTransposed(filter: usize, out: usize, taps: i32, cin: i32, cout: i32): void {
  let o = out;
  for (let c0 = 0; c0 < cin; c0 += TILE_CHANNELS) {
    for (let t = taps - 1; t >= 0; t--) {
      for (let k = 0; k < cout; k++) {
        for (let j = 0; j < TILE_CHANNELS; j++) {
          const ci = c0 + j;
          store<f32>(
            o + (<usize>j << 2),
            ci < cin ? load<f32>(filter + (<usize>((t * cin + ci) * cout + k) << 2)) : 0,
          );
        }
        o += 32;
      }
    }
  }
}

@inline
function store8(o: usize, lo: v128, hi: v128, width: i32): void {
  storeLanes(o, lo, width);
  if (width > 4) storeLanes(o + 16, hi, width - 4);
}

/**
 * out (n, outH, outW, cout) = valid convolution of x (n, h, w, cin) with packed panels, plus bias (0 = none).
 */
export function conv2d(
  x: usize, panels: usize, bias: usize, out: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, kh: i32, kw: i32, stride: i32,
): void {
  const run = kw * cin;
  const panelBytes = <usize>(kh * run) << 5;
  const rowBytes = <usize>(w * cin) << 2;
  const step = <usize>(stride * cin) << 2;
  const outStep = <usize>cout << 2;
  for (let c0 = 0; c0 < cout; c0 += TILE_CHANNELS) {
    const panel = panels + <usize>(c0 >> 3) * panelBytes;
    const width = min(TILE_CHANNELS, cout - c0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    if (bias) {
      b0 = loadLanes(bias + (<usize>c0 << 2), width);
      b1 = loadLanes(bias + (<usize>c0 << 2) + 16, width - 4);
    }
    for (let i = 0; i < n; i++) {
      for (let y = 0; y < outH; y++) {
        const row = x + <usize>(i * h + y * stride) * rowBytes;
        let o = out + (<usize>((i * outH + y) * outW * cout + c0) << 2);
        let col = 0;
        for (; col + TILE_PIXELS <= outW; col += TILE_PIXELS) {
          const start = row + <usize>col * step;
          let a00 = b0, a01 = b1, a10 = b0, a11 = b1, a20 = b0, a21 = b1, a30 = b0, a31 = b1;
          let f = panel;
          for (let r = 0; r < kh; r++) {
            let p0 = start + <usize>r * rowBytes;
            let p1 = p0 + step;
            let p2 = p1 + step;
            let p3 = p2 + step;
            for (let k = 0; k < run; k++) {
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
        }
        for (; col < outW; col++) {
          const start = row + <usize>col * step;
          let a0 = b0, a1 = b1;
          let f = panel;
          for (let r = 0; r < kh; r++) {
            let p = start + <usize>r * rowBytes;
            for (let k = 0; k < run; k++) {
              const v = v128.load32_splat(p);
              a0 = fma(v, v128.load(f), a0);
              a1 = fma(v, v128.load(f, 16), a1);
              f += 32; p += 4;
            }
          }
          store8(o, a0, a1, width); o += outStep;
        }
      }
    }
  }
}

/** Channels-last rows (pixels, c) into panels of `tile` channels: (ceil(c / tile), pixels, tile), filled up with 0. */
export function packPixels(x: usize, out: usize, pixels: i32, c: i32, tile: i32): void {
  let o = out;
  for (let c0 = 0; c0 < c; c0 += tile) {
    const width = min(tile, c - c0);
    let p = x + (<usize>c0 << 2);
    for (let i = 0; i < pixels; i++) {
      for (let j = 0; j < tile; j += 4) v128.store(o + (<usize>j << 2), loadLanes(p + (<usize>j << 2), width - j));
      p += <usize>c << 2;
      o += <usize>tile << 2;
    }
  }
}

/**
 * dFilter (kh, kw, cin, cout) += sum over pixels of x at the tap times dy, one group of n images.
 * x comes as panels of 4 channels of the padded input (cin/4, n*h*w, 4), dy as panels of 8 (cout/8, n*outH*outW, 8).
 */
export function conv2dGradFilter(
  x: usize, dy: usize, dFilter: usize,
  n: i32, h: i32, w: i32, cin: i32, outH: i32, outW: i32, cout: i32, kh: i32, kw: i32, stride: i32,
): void {
  const rowBytes = <usize>w << 4;
  const step = <usize>stride << 4;
  const xPanelBytes = <usize>(n * h * w) << 4;
  const dyPanelBytes = <usize>(n * outH * outW) << 5;
  for (let ci = 0; ci < cin; ci += 4) {
    const xPanel = x + <usize>(ci >> 2) * xPanelBytes;
    const rows = min(4, cin - ci);
    for (let co = 0; co < cout; co += 8) {
      const dyPanel = dy + <usize>(co >> 3) * dyPanelBytes;
      const width = min(8, cout - co);
      for (let r = 0; r < kh; r++) {
        for (let s = 0; s < kw; s++) {
          let a00 = f32x4.splat(0), a01 = a00, a10 = a00, a11 = a00, a20 = a00, a21 = a00, a30 = a00, a31 = a00;
          let q = dyPanel;
          for (let i = 0; i < n; i++) {
            for (let y = 0; y < outH; y++) {
              let p = xPanel + <usize>(i * h + y * stride + r) * rowBytes + (<usize>s << 4);
              for (let k = 0; k < outW; k++) {
                const d0 = v128.load(q), d1 = v128.load(q, 16);
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
                p += step; q += 32;
              }
            }
          }
          const o = dFilter + (<usize>(((r * kw + s) * cin + ci) * cout + co) << 2);
          const next = <usize>cout << 2;
          add8(o, a00, a01, width);
          if (rows > 1) add8(o + next, a10, a11, width);
          if (rows > 2) add8(o + 2 * next, a20, a21, width);
          if (rows > 3) add8(o + 3 * next, a30, a31, width);
        }
      }
    }
  }
}

@inline
function add8(o: usize, lo: v128, hi: v128, width: i32): void {
  storeLanes(o, f32x4.add(loadLanes(o, width), lo), width);
  if (width > 4) storeLanes(o + 16, f32x4.add(loadLanes(o + 16, width - 4), hi), width - 4);
}
