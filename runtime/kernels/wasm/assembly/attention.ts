// Multi-head attention softmax(q k^T / sqrt(d)) v on (n, tokens, heads * d). Both products are pointwise convolutions, see
// conv2d.ts, of some queries at a time: with the keys as a filter, then with the values.
import { conv2d } from './conv2d';
import { exp4, fma, loadLanes, storeLanes, sumLanes } from './math';
import { packColumns, packRows } from './panels';

/** Queries taken together, so that their scores stay in the cache. */
const GROUP_QUERIES: i32 = 32;

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

/** Replaces scores (tokens) by softmax(scale * scores). */
function softmax(row: usize, tokens: i32, scale: f32): void {
  let tops = f32x4.splat(-Infinity);
  let j = 0;
  for (; j + 4 <= tokens; j += 4) tops = f32x4.pmax(tops, v128.load(row + (<usize>j << 2)));
  let top = max(
    max(f32x4.extract_lane(tops, 0), f32x4.extract_lane(tops, 1)), max(f32x4.extract_lane(tops, 2), f32x4.extract_lane(tops, 3)),
  );
  for (; j < tokens; j++) top = max(top, load<f32>(row + (<usize>j << 2)));
  const shift = f32x4.splat(top), factor = f32x4.splat(scale);
  let sum: f32 = 0;
  for (j = 0; j < tokens; j += 4) {
    const p = row + (<usize>j << 2);
    const width = tokens - j;
    storeLanes(p, exp4(f32x4.mul(f32x4.sub(loadLanes(p, width), shift), factor)), width);
    sum += sumLanes(loadLanes(p, width));
  }
  const inverse = f32x4.splat(1 / sum);
  for (j = 0; j < tokens; j += 4) {
    const p = row + (<usize>j << 2);
    storeLanes(p, f32x4.mul(loadLanes(p, tokens - j), inverse), tokens - j);
  }
}

/** @param scratch roundUp(tokens, 8) * d + tokens * roundUp(d, 8) + 32 * (tokens + d) floats */
export function attention(
  q: usize, k: usize, v: usize, out: usize, scratch: usize, n: i32, tokens: i32, heads: i32, d: i32, scale: f32,
): void {
  const stride = <usize>(heads * d) << 2;
  const values = scratch + (<usize>(((tokens + 7) & ~7) * d) << 2);
  const scores = values + (<usize>(tokens * ((d + 7) & ~7)) << 2);
  const mixed = scores + (<usize>(GROUP_QUERIES * tokens) << 2);
  for (let i = 0; i < n; i++) {
    for (let head = 0; head < heads; head++) {
      const at = <usize>i * <usize>tokens * stride + (<usize>(head * d) << 2);
      packColumns(k + at, scratch, tokens, d, stride);
      packRows(v + at, values, tokens, d, stride);
      for (let first = 0; first < tokens; first += GROUP_QUERIES) {
        const count = min(GROUP_QUERIES, tokens - first);
        const queries = at + <usize>first * stride;
        // Of all heads' columns those of one are read: the queries are pixels a row of heads apart.
        conv2d(q + queries, scratch, 0, scores, 1, 1, count, d, 1, count, tokens, 1, 1, heads);
        for (let t = 0; t < count; t++) softmax(scores + (<usize>(t * tokens) << 2), tokens, scale);
        conv2d(scores, values, 0, mixed, 1, 1, count, tokens, 1, count, d, 1, 1, 1);
        for (let t = 0; t < count; t++) {
          memory.copy(out + queries + <usize>t * stride, mixed + (<usize>(t * d) << 2), <usize>d << 2);
        }
      }
    }
  }
}

/** Probabilities (tokens) of one query against all keys. */
function probabilities(q: usize, k: usize, row: usize, tokens: i32, d: i32, stride: usize, scale: f32): void {
  for (let j = 0; j < tokens; j++) store<f32>(row + (<usize>j << 2), dot(q, k + <usize>j * stride, d));
  softmax(row, tokens, scale);
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
        probabilities(q + query, k + at, scratch, tokens, d, stride, scale);
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
