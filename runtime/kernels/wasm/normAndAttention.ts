import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AttentionAttrs, AttentionInputs } from '../attention.ts';
import type { GroupNormAttrs, GroupNormInputs } from '../groupNorm.ts';
import type { WasmContext } from './context.ts';
import { roundUp } from './conv2d.ts';

/** Queries that the attention takes together. */
const GROUP_QUERIES = 32;

function normSizes({ shape }: TensorInfo): [numImages: number, numPixels: number, numChannels: number] {
  const numChannels = shape[shape.length - 1]!;
  const numPixels = shape.slice(1, -1).reduce((a, b) => a * b, 1);
  return [shape[0]!, numPixels, numChannels];
}

/** The addresses of x, gamma, beta, scale and shift; 0 where one is not given. */
function normAddresses(ctx: WasmContext, { x, gamma, beta, scale, shift }: GroupNormInputs): number[] {
  return [x, gamma, beta, scale, shift].map((tensor) => (tensor ? ctx.address(tensor) : 0));
}

function groupNorm(ctx: WasmContext, inputs: GroupNormInputs, attrs: GroupNormAttrs): TensorInfo {
  const [n, pixels, c] = normSizes(inputs.x);
  const out = ctx.output(inputs.x.shape);
  const addresses = normAddresses(ctx, inputs);
  ctx.withScratch([2 * c], (scratch) => {
    const sizes = [n, pixels, c, attrs.numGroups, attrs.epsilon, Number(attrs.silu)];
    ctx.simd.groupNorm(...addresses, ctx.address(out), scratch!, ...sizes);
  });
  return out;
}

/** Returns the gradients in the order of the inputs. */
function groupNormGrad(
  ctx: WasmContext,
  inputs: GroupNormInputs & { dy: TensorInfo },
  attrs: GroupNormAttrs,
): TensorInfo[] {
  const [n, pixels, c] = normSizes(inputs.x);
  const grads = [ctx.output(inputs.x.shape), ctx.zeros([c]), ctx.zeros([c])];
  if (inputs.scale) grads.push(ctx.output([n, c]), ctx.output([n, c]));
  const addresses = [...normAddresses(ctx, inputs), ctx.address(inputs.dy)];
  const results = Array.from({ length: 5 }, (_, i) => (grads[i] ? ctx.address(grads[i]) : 0));
  ctx.withScratch([6 * c], (scratch) => {
    const sizes = [n, pixels, c, attrs.numGroups, attrs.epsilon, Number(attrs.silu)];
    ctx.simd.groupNormGrad(...addresses, ...results, scratch!, ...sizes);
  });
  return grads;
}

function attentionSizes({ shape }: TensorInfo, { numHeads }: AttentionAttrs): number[] {
  const [n, tokens, c] = shape as [number, number, number];
  const d = c / numHeads;
  return [n, tokens, numHeads, d, 1 / Math.sqrt(d)];
}

/** What `attention` needs besides for the queries (n, tokens, c), in floats: assembly/attention.ts. */
export function attentionScratch(shape: readonly number[], { numHeads }: AttentionAttrs): number {
  const [, tokens, c] = shape as [number, number, number];
  const d = c / numHeads;
  return roundUp(tokens, 8) * d + tokens * roundUp(d, 8) + GROUP_QUERIES * (tokens + d);
}

/** The size in floats of the scratch memory that `attentionGrad` of assembly/attention.ts lays its matrices out in. */
function attentionGradScratch(shape: readonly number[], { numHeads }: AttentionAttrs): number {
  const [, tokens, c] = shape as [number, number, number];
  const d = c / numHeads;
  const ofHead = 2 * roundUp(tokens, 8) * d + tokens * (roundUp(d, 8) + 2 * d);
  return ofHead + GROUP_QUERIES * (2 * tokens + roundUp(tokens, 4) + roundUp(d, 8) + d);
}

function attention(ctx: WasmContext, { q, k, v }: AttentionInputs, attrs: AttentionAttrs): TensorInfo {
  const out = ctx.output(q.shape);
  ctx.withScratch([attentionScratch(q.shape, attrs)], (scratch) => {
    const addresses = [q, k, v, out].map((tensor) => ctx.address(tensor));
    ctx.simd.attention(...addresses, scratch!, ...attentionSizes(q, attrs));
  });
  return out;
}

function attentionGrad(
  ctx: WasmContext,
  { q, k, v, dy }: AttentionInputs & { dy: TensorInfo },
  attrs: AttentionAttrs,
): TensorInfo[] {
  const grads = [ctx.output(q.shape), ctx.output(q.shape), ctx.output(q.shape)];
  ctx.withScratch([attentionGradScratch(q.shape, attrs)], (scratch) => {
    const addresses = [q, k, v, dy, ...grads].map((tensor) => ctx.address(tensor));
    ctx.simd.attentionGrad(...addresses, scratch!, ...attentionSizes(q, attrs));
  });
  return grads;
}

export const wasmNormAndAttention = { groupNorm, groupNormGrad, attention, attentionGrad };
