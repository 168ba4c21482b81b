// Multi-head attention softmax(q k^T / sqrt(d)) v on (n, tokens, heads * d). Both products are pointwise convolutions, see
// conv2d.ts, of some queries at a time: with the keys as a filter, then with the values.
import { conv2d, conv2dGradFilter } from './conv2d';
import { exp4, fma, loadLanes, storeLanes, sumLanes } from './math';
import { packColumns, packPixels, packRows } from './panels';

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
        copyHead(mixed, <usize>d << 2, out + queries, stride, count, d);
      }
    }
  }
}

/** dScores, which are the gradients of the probabilities, become those of the scores before they were scaled. */
function softmaxGrad(probabilities: usize, dScores: usize, tokens: i32, scale: f32): void {
  const mean = f32x4.splat(dot(probabilities, dScores, tokens)), factor = f32x4.splat(scale);
  for (let j = 0; j < tokens; j += 4) {
    const at = <usize>j << 2;
    const width = tokens - j;
    const scaled = f32x4.mul(loadLanes(probabilities + at, width), factor);
    storeLanes(dScores + at, f32x4.mul(scaled, f32x4.sub(loadLanes(dScores + at, width), mean)), width);
  }
}

/** Copies rows of d floats, `from` and `to` being so many bytes apart from row to row. */
function copyHead(x: usize, from: usize, out: usize, to: usize, rows: i32, d: i32): void {
  for (let t = 0; t < rows; t++) memory.copy(out + <usize>t * to, x + <usize>t * from, <usize>d << 2);
}

/**
 * dq, dk, dv from dOut; the probabilities are computed again, as in Dao et al. 2022, arXiv:2205.14135, appendix B.2. What the
 * queries add to keys and values is the gradient of a filter of one pixel, see conv2dGradFilter.
 *
 * @param scratch 2 * roundUp(tokens, 8) * d + tokens * (roundUp(d, 8) + 2 * d) + 32 * (2 * tokens + roundUp(tokens, 4) +
 *                roundUp(d, 8) + d) floats
 */
export function attentionGrad(
  q: usize, k: usize, v: usize, dOut: usize, dq: usize, dk: usize, dv: usize, scratch: usize,
  n: i32, tokens: i32, heads: i32, d: i32, scale: f32,
): void {
  const stride = <usize>(heads * d) << 2, headBytes = <usize>d << 2;
  const columnBytes = <usize>(((tokens + 7) & ~7) * d) << 2;
  const keys = scratch, values = keys + columnBytes, keyRows = values + columnBytes;
  const dKeys = keyRows + (<usize>(tokens * ((d + 7) & ~7)) << 2), dValues = dKeys + <usize>tokens * headBytes;
  const scores = dValues + <usize>tokens * headBytes, dScores = scores + (<usize>(GROUP_QUERIES * tokens) << 2);
  const pixels = dScores + (<usize>(GROUP_QUERIES * tokens) << 2);
  const rows = pixels + (<usize>(GROUP_QUERIES * ((tokens + 3) & ~3)) << 2);
  const dQueries = rows + (<usize>(GROUP_QUERIES * ((d + 7) & ~7)) << 2);
  for (let i = 0; i < n; i++) {
    for (let head = 0; head < heads; head++) {
      const at = <usize>i * <usize>tokens * stride + (<usize>(head * d) << 2);
      packColumns(k + at, keys, tokens, d, stride);
      packColumns(v + at, values, tokens, d, stride);
      packRows(k + at, keyRows, tokens, d, stride);
      memory.fill(dKeys, 0, 2 * <usize>tokens * headBytes);
      for (let first = 0; first < tokens; first += GROUP_QUERIES) {
        const count = min(GROUP_QUERIES, tokens - first);
        const queries = at + <usize>first * stride;
        conv2d(q + queries, keys, 0, scores, 1, 1, count, d, 1, count, tokens, 1, 1, heads);
        conv2d(dOut + queries, values, 0, dScores, 1, 1, count, d, 1, count, tokens, 1, 1, heads);
        for (let t = 0; t < count; t++) {
          const row = <usize>(t * tokens) << 2;
          softmax(scores + row, tokens, scale);
          softmaxGrad(scores + row, dScores + row, tokens, scale);
        }
        conv2d(dScores, keyRows, 0, dQueries, 1, 1, count, tokens, 1, count, d, 1, 1, 1);
        copyHead(dQueries, headBytes, dq + queries, stride, count, d);
        packPixels(scores, pixels, count, tokens);
        packRows(dOut + queries, rows, count, d, stride);
        conv2dGradFilter(pixels, rows, dValues, 1, 1, count, tokens, 1, count, d, 1, 1, 1);
        packPixels(dScores, pixels, count, tokens);
        packRows(q + queries, rows, count, d, stride);
        conv2dGradFilter(pixels, rows, dKeys, 1, 1, count, tokens, 1, count, d, 1, 1, 1);
      }
      copyHead(dKeys, headBytes, dk + at, stride, tokens, d);
      copyHead(dValues, headBytes, dv + at, stride, tokens, d);
    }
  }
}
