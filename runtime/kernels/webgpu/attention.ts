import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AttentionAttrs, AttentionInputs } from '../attention.ts';
import { type Lanes, lanesFor, type Program, type WebgpuContext } from './context.ts';

// The WGSL of attention. A thread owns one token of one head; the other side's tokens come in tiles through shared
// memory, and the softmax is accumulated on the way (Dao et al. 2022, arXiv:2205.14135): no (T, T) matrix is stored.

const QUERIES_PER_WORKGROUP = 64;

/** Floats of one shared tile: two tiles take 8 of the 16 KiB that every device has. */
const TILE_FLOATS = 1024;
const MAX_TILE_TOKENS = 16;
/** Keys whose weights the forward pass computes before it adds their values. */
const KEYS_AT_ONCE = 4;

const UNIFORMS = { numTokens: 'i32', numHeads: 'i32', numWorkgroups: 'i32', scale: 'f32' } as const;

function tileTokens(d: number): number {
  const fitting = Math.floor(TILE_FLOATS / d / KEYS_AT_ONCE) * KEYS_AT_ONCE;
  return Math.max(KEYS_AT_ONCE, Math.min(MAX_TILE_TOKENS, fitting));
}

/** Constants of a head dimension, and where this thread's token lies; rows of D Values, `stride` apart. */
function layout(d: number, lanes: Lanes, stride = 'uniforms.numHeads * D'): string {
  return `
    const D = ${d / lanes};
    const TILE = ${tileTokens(d)};
    const LOWEST = -1e30;

    struct Place { base: i32, stride: i32, token: i32, row: i32, statsRow: i32, statsBase: i32 }

    fn placeOf(group: i32, local: i32) -> Place {
      let numBlocks = (uniforms.numTokens + WORKGROUP_SIZE - 1) / WORKGROUP_SIZE;
      let head = (group / numBlocks) % uniforms.numHeads;
      let image = group / (numBlocks * uniforms.numHeads);
      let stride = ${stride};
      let base = image * uniforms.numTokens * stride + head * D;
      let token = (group % numBlocks) * WORKGROUP_SIZE + local;
      let within = min(token, uniforms.numTokens - 1);
      let statsBase = (image * uniforms.numHeads + head) * uniforms.numTokens;
      return Place(base, stride, token, base + within * stride, statsBase + within, statsBase);
    }
  `;
}

/** Fills two shared tiles with tokens `first` … of two buffers. */
function loadTiles(left: string, right: string, [leftOffset, rightOffset] = ['', '']): string {
  return `
    var<workgroup> leftTile: array<Value, TILE * D>;
    var<workgroup> rightTile: array<Value, TILE * D>;

    fn loadTiles(place: Place, first: i32, local: i32) {
      workgroupBarrier();
      for (var i = local; i < TILE * D; i += WORKGROUP_SIZE) {
        let at = place.base + min(first + i / D, uniforms.numTokens - 1) * place.stride + i % D;
        leftTile[i] = ${left}[${leftOffset}at];
        rightTile[i] = ${right}[${rightOffset}at];
      }
      workgroupBarrier();
    }
  `;
}

/** `name`: the product of the thread's own row with row t of a tile. */
const product = (name: string, own: string, tile: string) => `
  var ${name}Parts = Value(0.0);
  for (var j = 0; j < D; j++) { ${name}Parts += ${own}[j] * ${tile}[t * D + j]; }
  let ${name} = addUp(${name}Parts);
`;

const programBase = (name: string, d: number) => {
  const lanes = lanesFor(d);
  return { key: `${name} ${d}`, lanes, uniforms: UNIFORMS, workgroupSize: QUERIES_PER_WORKGROUP };
};

/** Where q, k, v and y begin in their buffers, and how far apart the tokens of q, k and v are; those of y are adjacent. */
const PLACES = {
  qOffset: 'i32',
  kOffset: 'i32',
  vOffset: 'i32',
  yOffset: 'i32',
  yStride: 'i32',
  inStride: 'i32',
} as const;

/** softmax(q kᵀ · scale) v. */
export function attentionProgram(d: number): Program {
  const base = programBase('attention', d);
  return {
    ...base,
    inputs: { q: 'Value', k: 'Value', v: 'Value' },
    outputs: { y: 'Value' },
    uniforms: { ...UNIFORMS, ...PLACES },
    code: `
      ${layout(d, base.lanes, 'uniforms.inStride')}
      ${loadTiles('k', 'v', ['uniforms.kOffset + ', 'uniforms.vOffset + '])}
      fn main(group: i32, local: i32) {
        if (group >= uniforms.numWorkgroups) { return; }
        let place = placeOf(group, local);
        var query: array<Value, D>;
        var sums: array<Value, D>;
        for (var j = 0; j < D; j++) { query[j] = q[uniforms.qOffset + place.row + j] * uniforms.scale; }
        var top = LOWEST;
        var total = 0.0;
        for (var first = 0; first < uniforms.numTokens; first += TILE) {
          loadTiles(place, first, local);
          for (var t0 = 0; t0 < min(TILE, uniforms.numTokens - first); t0 += ${KEYS_AT_ONCE}) {
            var scores = vec4<f32>(LOWEST);
            for (var i = 0; i < ${KEYS_AT_ONCE}; i++) {
              let t = t0 + i;
              ${product('score', 'query', 'leftTile')}
              if (first + t < uniforms.numTokens) { scores[i] = score; }
            }
            let newTop = max(max(top, max(scores.x, scores.y)), max(scores.z, scores.w));
            let shrink = exp(top - newTop);
            let weights = exp(scores - newTop);
            top = newTop;
            total = total * shrink + dot(weights, vec4<f32>(1.0));
            for (var j = 0; j < D; j++) {
              let at = t0 * D + j;
              sums[j] = sums[j] * shrink + weights.x * rightTile[at] + weights.y * rightTile[at + D]
                + weights.z * rightTile[at + 2 * D] + weights.w * rightTile[at + 3 * D];
            }
          }
        }
        if (place.token >= uniforms.numTokens) { return; }
        let head = (place.statsBase / uniforms.numTokens) % uniforms.numHeads;
        let image = place.statsBase / uniforms.numTokens / uniforms.numHeads;
        let yRow = uniforms.yOffset + (image * uniforms.numTokens + place.token) * uniforms.yStride + head * D;
        for (var j = 0; j < D; j++) { y[yRow + j] = sums[j] / total; }
      }
    `,
  };
}

/**
 * dq, and for every query the logarithm of its softmax's denominator and the mean of dp (B, H, T, 2), which the
 * gradients of the keys need.
 */
function queryGradientProgram(d: number): Program {
  const base = programBase('attention query gradient', d);
  return {
    ...base,
    inputs: { q: 'Value', k: 'Value', v: 'Value', dy: 'Value' },
    outputs: { dq: 'Value', stats: 'vec2<f32>' },
    code: `
      ${layout(d, base.lanes)}
      ${loadTiles('k', 'v')}
      fn main(group: i32, local: i32) {
        if (group >= uniforms.numWorkgroups) { return; }
        let place = placeOf(group, local);
        var query: array<Value, D>;
        var dOut: array<Value, D>;
        var sums: array<Value, D>;
        for (var j = 0; j < D; j++) { query[j] = q[place.row + j] * uniforms.scale; dOut[j] = dy[place.row + j]; }
        var top = LOWEST;
        var total = 0.0;
        var weighted = 0.0;
        for (var first = 0; first < uniforms.numTokens; first += TILE) {
          loadTiles(place, first, local);
          for (var t = 0; t < min(TILE, uniforms.numTokens - first); t++) {
            ${product('score', 'query', 'leftTile')}
            ${product('dp', 'dOut', 'rightTile')}
            let newTop = max(top, score);
            let shrink = exp(top - newTop);
            let weight = exp(score - newTop);
            total = total * shrink + weight;
            weighted = weighted * shrink + weight * dp;
            top = newTop;
          }
        }
        let logTotal = top + log(total);
        let mean = weighted / total;
        for (var first = 0; first < uniforms.numTokens; first += TILE) {
          loadTiles(place, first, local);
          for (var t = 0; t < min(TILE, uniforms.numTokens - first); t++) {
            ${product('score', 'query', 'leftTile')}
            ${product('dp', 'dOut', 'rightTile')}
            let dScore = exp(score - logTotal) * (dp - mean) * uniforms.scale;
            for (var j = 0; j < D; j++) { sums[j] += dScore * leftTile[t * D + j]; }
          }
        }
        if (place.token >= uniforms.numTokens) { return; }
        stats[place.statsRow] = vec2<f32>(logTotal, mean);
        for (var j = 0; j < D; j++) { dq[place.row + j] = sums[j]; }
      }
    `,
  };
}

/** dk and dv; a thread owns a key, the tiles hold queries and their dy. */
function keyGradientProgram(d: number): Program {
  const base = programBase('attention key gradient', d);
  return {
    ...base,
    inputs: { q: 'Value', k: 'Value', v: 'Value', dy: 'Value', stats: 'vec2<f32>' },
    outputs: { dk: 'Value', dv: 'Value' },
    code: `
      ${layout(d, base.lanes)}
      ${loadTiles('q', 'dy')}
      fn main(group: i32, local: i32) {
        if (group >= uniforms.numWorkgroups) { return; }
        let place = placeOf(group, local);
        var key: array<Value, D>;
        var value: array<Value, D>;
        var keySums: array<Value, D>;
        var valueSums: array<Value, D>;
        for (var j = 0; j < D; j++) { key[j] = k[place.row + j] * uniforms.scale; value[j] = v[place.row + j]; }
        for (var first = 0; first < uniforms.numTokens; first += TILE) {
          loadTiles(place, first, local);
          for (var t = 0; t < min(TILE, uniforms.numTokens - first); t++) {
            ${product('score', 'key', 'leftTile')}
            ${product('dp', 'value', 'rightTile')}
            let stat = stats[place.statsBase + first + t];
            let weight = exp(score - stat.x);
            let dScore = weight * (dp - stat.y) * uniforms.scale;
            for (var j = 0; j < D; j++) {
              keySums[j] += dScore * leftTile[t * D + j];
              valueSums[j] += weight * rightTile[t * D + j];
            }
          }
        }
        if (place.token >= uniforms.numTokens) { return; }
        for (var j = 0; j < D; j++) { dk[place.row + j] = keySums[j]; dv[place.row + j] = valueSums[j]; }
      }
    `,
  };
}

/** What two tiles of four tokens leave of the 16 KiB of shared memory that every device has. */
const MAX_HEAD_CHANNELS = 512;

export function attentionSizes(shape: readonly number[], { numHeads }: AttentionAttrs) {
  const [numImages, numTokens, numChannels] = shape as [number, number, number];
  const d = numChannels / numHeads;
  if (d > MAX_HEAD_CHANNELS) {
    throw new RangeError(`attention: a head has ${d} channels, WebGPU takes ${MAX_HEAD_CHANNELS}; use more heads`);
  }
  const numWorkgroups = numImages * numHeads * Math.ceil(numTokens / QUERIES_PER_WORKGROUP);
  const uniforms = { numTokens, numHeads, numWorkgroups, scale: 1 / Math.sqrt(d) };
  return { d, numWorkgroups, uniforms, statsShape: [numImages, numHeads, numTokens, 2] };
}

function attention(ctx: WebgpuContext, { q, k, v }: AttentionInputs, attrs: AttentionAttrs): TensorInfo {
  const { d, numWorkgroups, uniforms } = attentionSizes(q.shape, attrs);
  const stride = q.shape[2]! / lanesFor(d);
  const places = { qOffset: 0, kOffset: 0, vOffset: 0, yOffset: 0, yStride: stride, inStride: stride };
  return ctx.run(attentionProgram(d), [q, k, v], [q.shape], { ...uniforms, ...places }, numWorkgroups)[0]!;
}

/** Returns dq, dk and dv. */
function attentionGrad(
  ctx: WebgpuContext,
  { q, k, v, dy }: AttentionInputs & { dy: TensorInfo },
  attrs: AttentionAttrs,
): TensorInfo[] {
  const { d, numWorkgroups, uniforms, statsShape } = attentionSizes(q.shape, attrs);
  const shapes = [q.shape, statsShape];
  const [dq, stats] = ctx.run(queryGradientProgram(d), [q, k, v, dy], shapes, uniforms, numWorkgroups);
  const keyInputs = [q, k, v, dy, stats!];
  const [dk, dv] = ctx.run(keyGradientProgram(d), keyInputs, [q.shape, q.shape], uniforms, numWorkgroups);
  ctx.dispose(stats!);
  return [dq!, dk!, dv!];
}

export const webgpuAttention = { attention, attentionGrad };
