// Multi-head attention softmax(q k^T / sqrt(d)) v on (n, tokens, heads * d); `scratch` holds rows of probabilities.
import { exp4, fma, loadLanes, storeLanes, sumLanes } from './math';

@inline
function dot(a: usize, b: usize, d: i32): f32 {
  let sum = f32x4.splat(0);
  for (let j = 0; j < d; j += 4) {
    sum = fma(loadLanes(a + (<usize>j << 2), d - j), loadLanes(b + (<usize>j << 2), d - j), sum);
  }
  return sumLanes(sum);
}

/** out += factor * x over d floats. */
@inline
function addScaled(out: usize, x: usize, factor: f32, d: i32): void {
  const f = f32x4.splat(factor);
  for (let j = 0; j < d; j += 4) {
    const at = <usize>j << 2;
    storeLanes(out + at, fma(f, loadLanes(x + at, d - j), loadLanes(out + at, d - j)), d - j);
  }
}

/** probabilities (tokens) of one query against all keys. */
function softmaxRow(q: usize, k: usize, row: usize, tokens: i32, d: i32, stride: usize, scale: f32): void {
  let top: f32 = -Infinity;
  for (let j = 0; j < tokens; j++) {
    const s = dot(q, k + <usize>j * stride, d) * scale;
    store<f32>(row + (<usize>j << 2), s);
    top = max(top, s);
  }
  const shift = f32x4.splat(top);
  let sum: f32 = 0;
  for (let j = 0; j < tokens; j += 4) {
    const p = row + (<usize>j << 2);
    const width = tokens - j;
    storeLanes(p, exp4(f32x4.sub(loadLanes(p, width), shift)), width);
    sum += sumLanes(loadLanes(p, width));
  }
  const inverse = f32x4.splat(1 / sum);
  for (let j = 0; j < tokens; j += 4) {
    const p = row + (<usize>j << 2);
    storeLanes(p, f32x4.mul(loadLanes(p, tokens - j), inverse), tokens - j);
  }
}

/** scratch: tokens floats. */
export function attention(
  q: usize, k: usize, v: usize, out: usize, scratch: usize, n: i32, tokens: i32, heads: i32, d: i32, scale: f32,
): void {
  const stride = <usize>(heads * d) << 2;
  for (let i = 0; i < n; i++) {
    for (let head = 0; head < heads; head++) {
      const at = <usize>i * <usize>tokens * stride + (<usize>(head * d) << 2);
      for (let t = 0; t < tokens; t++) {
        softmaxRow(q + at + <usize>t * stride, k + at, scratch, tokens, d, stride, scale);
        const o = out + at + <usize>t * stride;
        memory.fill(o, 0, <usize>d << 2);
        for (let j = 0; j < tokens; j++) {
          addScaled(o, v + at + <usize>j * stride, load<f32>(scratch + (<usize>j << 2)), d);
        }
      }
    }
  }
}

/** dq, dk, dv (zeroed by the caller) from dOut; the probabilities are computed again. scratch: 2 * tokens floats. */
export function attentionGrad(
  q: usize, k: usize, v: usize, dOut: usize, dq: usize, dk: usize, dv: usize, scratch: usize,
  n: i32, tokens: i32, heads: i32, d: i32, scale: f32,
): void {
  const stride = <usize>(heads * d) << 2;
  const dRow = scratch + (<usize>tokens << 2);
  for (let i = 0; i < n; i++) {
    for (let head = 0; head < heads; head++) {
      const at = <usize>i * <usize>tokens * stride + (<usize>(head * d) << 2);
      for (let t = 0; t < tokens; t++) {
        const query = at + <usize>t * stride;
        softmaxRow(q + query, k + at, scratch, tokens, d, stride, scale);
        let mean: f32 = 0;
        for (let j = 0; j < tokens; j++) {
          const dp = dot(dOut + query, v + at + <usize>j * stride, d);
          store<f32>(dRow + (<usize>j << 2), dp);
          mean += dp * load<f32>(scratch + (<usize>j << 2));
        }
        for (let j = 0; j < tokens; j++) {
          const key = at + <usize>j * stride;
          const p = load<f32>(scratch + (<usize>j << 2));
          const ds = p * (load<f32>(dRow + (<usize>j << 2)) - mean) * scale;
          addScaled(dv + key, dOut + query, p, d);
          addScaled(dq + query, k + key, ds, d);
          addScaled(dk + key, q + query, ds, d);
        }
      }
    }
  }
}
