// Convolution on NHWC activations and HWIO filters, as an implicit matrix product.
// Every kernel reads an input that is already padded, so the loops have no borders: the run of kw * channels
// floats below one filter row is contiguous in memory.

// Blocks of 4 output pixels by 8 output channels: 8 accumulators, 2 filter vectors and 1 broadcast stay in registers.
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

/** Spreads (n, h, w, c) over a zeroed (n, outH, outW, c): element (y, x) goes to (top + y*stride, left + x*stride). */
export function dilate2d(
  x: usize, out: usize, n: i32, h: i32, w: i32, c: i32,
  outH: i32, outW: i32, top: i32, left: i32, stride: i32,
): void {
  const pixelBytes = <usize>c << 2;
  memory.fill(out, 0, <usize>(n * outH * outW) * pixelBytes);
  for (let i = 0; i < n; i++) {
    for (let y = 0; y < h; y++) {
      const row = x + <usize>((i * h + y) * w) * pixelBytes;
      const outRow = out + <usize>((i * outH + top + y * stride) * outW + left) * pixelBytes;
      for (let k = 0; k < w; k++) {
        memory.copy(outRow + <usize>(k * stride) * pixelBytes, row + <usize>k * pixelBytes, pixelBytes);
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
      if (width == TILE_CHANNELS) {
        v128.store(o, v128.load(row));
        v128.store(o, v128.load(row, 16), 16);
      } else {
        for (let j = 0; j < TILE_CHANNELS; j++) {
          store<f32>(o + (<usize>j << 2), j < width ? load<f32>(row + (<usize>j << 2)) : 0);
        }
      }
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

// @ts-ignore: decorator
@inline
function storeLanes(o: usize, lo: v128, hi: v128, width: i32): void {
  if (width >= 8) {
    v128.store(o, lo);
    v128.store(o, hi, 16);
    return;
  }
  if (width >= 4) {
    v128.store(o, lo);
    lo = hi;
    o += 16;
    width -= 4;
  }
  if (width > 0) store<f32>(o, f32x4.extract_lane(lo, 0));
  if (width > 1) store<f32>(o, f32x4.extract_lane(lo, 1), 4);
  if (width > 2) store<f32>(o, f32x4.extract_lane(lo, 2), 8);
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
      if (width == TILE_CHANNELS) {
        b0 = v128.load(bias + (<usize>c0 << 2));
        b1 = v128.load(bias + (<usize>c0 << 2), 16);
      } else {
        const p = bias + (<usize>c0 << 2);
        b0 = f32x4(
          load<f32>(p),
          width > 1 ? load<f32>(p, 4) : 0,
          width > 2 ? load<f32>(p, 8) : 0,
          width > 3 ? load<f32>(p, 12) : 0,
        );
        b1 = f32x4(
          width > 4 ? load<f32>(p, 16) : 0,
          width > 5 ? load<f32>(p, 20) : 0,
          width > 6 ? load<f32>(p, 24) : 0,
          0,
        );
      }
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
            let k = run;
            for (; k > 0; k--) {
              {
              const f0 = v128.load(f, 0), f1 = v128.load(f, 16);
              const x0 = v128.load32_splat(p0, 0);
              a00 = f32x4.add(a00, f32x4.mul(x0, f0));
              a01 = f32x4.add(a01, f32x4.mul(x0, f1));
              const x1 = v128.load32_splat(p1, 0);
              a10 = f32x4.add(a10, f32x4.mul(x1, f0));
              a11 = f32x4.add(a11, f32x4.mul(x1, f1));
              const x2 = v128.load32_splat(p2, 0);
              a20 = f32x4.add(a20, f32x4.mul(x2, f0));
              a21 = f32x4.add(a21, f32x4.mul(x2, f1));
              const x3 = v128.load32_splat(p3, 0);
              a30 = f32x4.add(a30, f32x4.mul(x3, f0));
              a31 = f32x4.add(a31, f32x4.mul(x3, f1));
              }
              f += 32; p0 += 4; p1 += 4; p2 += 4; p3 += 4;
            }
          }
          storeLanes(o, a00, a01, width); o += outStep;
          storeLanes(o, a10, a11, width); o += outStep;
          storeLanes(o, a20, a21, width); o += outStep;
          storeLanes(o, a30, a31, width); o += outStep;
        }
        for (; col < outW; col++) {
          const start = row + <usize>col * step;
          let a0 = b0, a1 = b1;
          let f = panel;
          for (let r = 0; r < kh; r++) {
            let p = start + <usize>r * rowBytes;
            for (let k = 0; k < run; k++) {
              const v = v128.load32_splat(p);
              a0 = f32x4.add(a0, f32x4.mul(v, v128.load(f)));
              a1 = f32x4.add(a1, f32x4.mul(v, v128.load(f, 16)));
              f += 32; p += 4;
            }
          }
          storeLanes(o, a0, a1, width); o += outStep;
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
      if (width == tile) {
        for (let j = 0; j < tile; j += 4) v128.store(o + (<usize>j << 2), v128.load(p + (<usize>j << 2)));
      } else {
        for (let j = 0; j < tile; j++) {
          store<f32>(o + (<usize>j << 2), j < width ? load<f32>(p + (<usize>j << 2)) : 0);
        }
      }
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
              let k = outW;
              for (; k > 0; k--) {
                {
                const d0 = v128.load(q, 0), d1 = v128.load(q, 16);
                const x0 = v128.load32_splat(p, 0);
                a00 = f32x4.add(a00, f32x4.mul(x0, d0));
                a01 = f32x4.add(a01, f32x4.mul(x0, d1));
                const x1 = v128.load32_splat(p, 4);
                a10 = f32x4.add(a10, f32x4.mul(x1, d0));
                a11 = f32x4.add(a11, f32x4.mul(x1, d1));
                const x2 = v128.load32_splat(p, 8);
                a20 = f32x4.add(a20, f32x4.mul(x2, d0));
                a21 = f32x4.add(a21, f32x4.mul(x2, d1));
                const x3 = v128.load32_splat(p, 12);
                a30 = f32x4.add(a30, f32x4.mul(x3, d0));
                a31 = f32x4.add(a31, f32x4.mul(x3, d1));
                }
                p += step;
                q += 32;
              }
            }
          }
          const o = dFilter + (<usize>(((r * kw + s) * cin + ci) * cout + co) << 2);
          const next = <usize>cout << 2;
          addLanes(o, a00, a01, width);
          if (rows > 1) addLanes(o + next, a10, a11, width);
          if (rows > 2) addLanes(o + 2 * next, a20, a21, width);
          if (rows > 3) addLanes(o + 3 * next, a30, a31, width);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function addLanes(o: usize, lo: v128, hi: v128, width: i32): void {
  if (width == 8) {
    v128.store(o, f32x4.add(v128.load(o), lo));
    v128.store(o, f32x4.add(v128.load(o, 16), hi), 16);
    return;
  }
  for (let j = 0; j < width; j++) {
    const lane = j < 4 ? lo : hi;
    const k = j & 3;
    const v = k == 0 ? f32x4.extract_lane(lane, 0)
      : k == 1 ? f32x4.extract_lane(lane, 1)
      : k == 2 ? f32x4.extract_lane(lane, 2) : f32x4.extract_lane(lane, 3);
    store<f32>(o + (<usize>j << 2), load<f32>(o + (<usize>j << 2)) + v);
  }
}
