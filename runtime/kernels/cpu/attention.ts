import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AttentionAttrs, AttentionInputs } from '../attention.ts';
import { type CpuContext, sizeOf } from './context.ts';

/** One head of one image: `row(t)` is the offset of token t's d values in q, k, v and the output. */
interface Head {
  numTokens: number;
  d: number;
  row(token: number): number;
}

function headsOf({ shape }: TensorInfo, numHeads: number): Head[] {
  const [n, numTokens, numChannels] = shape as [number, number, number];
  const d = numChannels / numHeads;
  return Array.from({ length: n * numHeads }, (_, i) => {
    const first = Math.floor(i / numHeads) * numTokens * numChannels + (i % numHeads) * d;
    return { numTokens, d, row: (token) => first + token * numChannels };
  });
}

function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) sum += a[aAt + j]! * b[bAt + j]!;
  return sum;
}

/** out += factor · x over d values. */
function addScaled(out: Float64Array, outAt: number, x: Float32Array, xAt: number, factor: number, d: number): void {
  for (let j = 0; j < d; j++) out[outAt + j]! += factor * x[xAt + j]!;
}

/** softmax(q kᵀ / √d) of one query against all keys. */
function probabilities(q: Float32Array, k: Float32Array, query: number, { numTokens, d, row }: Head): Float64Array {
  const scores = Float64Array.from({ length: numTokens }, (_, t) => dot(q, query, k, row(t), d) / Math.sqrt(d));
  const top = scores.reduce((a, b) => Math.max(a, b));
  const weights = scores.map((score) => Math.exp(score - top));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function attention(ctx: CpuContext, inputs: AttentionInputs, { numHeads }: AttentionAttrs): TensorInfo {
  const [q, k, v] = [ctx.values(inputs.q), ctx.values(inputs.k), ctx.values(inputs.v)];
  const out = new Float64Array(q.length);
  for (const head of headsOf(inputs.q, numHeads)) {
    for (let t = 0; t < head.numTokens; t++) {
      const p = probabilities(q, k, head.row(t), head);
      for (let key = 0; key < head.numTokens; key++) addScaled(out, head.row(t), v, head.row(key), p[key]!, head.d);
    }
  }
  return ctx.output(inputs.q.shape, out);
}

/** dq, dk, dv: with dp = dy vᵀ, the gradient of the scores is p · (dp − Σ p dp). */
function attentionGrad(
  ctx: CpuContext,
  inputs: AttentionInputs & { dy: TensorInfo },
  { numHeads }: AttentionAttrs,
): TensorInfo[] {
  const [q, k, v, dy] = [ctx.values(inputs.q), ctx.values(inputs.k), ctx.values(inputs.v), ctx.values(inputs.dy)];
  const size = sizeOf(inputs.q);
  const [dq, dk, dv] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  for (const head of headsOf(inputs.q, numHeads)) {
    const { numTokens, d, row } = head;
    for (let t = 0; t < numTokens; t++) {
      const query = row(t);
      const p = probabilities(q, k, query, head);
      const dp = p.map((_, key) => dot(dy, query, v, row(key), d));
      const mean = dp.reduce((sum, value, key) => sum + value * p[key]!, 0);
      for (let key = 0; key < numTokens; key++) {
        const dScore = (p[key]! * (dp[key]! - mean)) / Math.sqrt(d);
        addScaled(dv, row(key), dy, query, p[key]!, d);
        addScaled(dq, query, k, row(key), dScore, d);
        addScaled(dk, row(key), q, query, dScore, d);
      }
    }
  }
  return [dq, dk, dv].map((values) => ctx.output(inputs.q.shape, values));
}

export const cpuAttention = { attention, attentionGrad };
