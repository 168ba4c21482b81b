import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AttentionAttrs } from '../attention.ts';
import { forwardProgram, keyGradientProgram, QUERIES_PER_WORKGROUP, queryGradientProgram } from './attentionShader.ts';
import type { WebgpuContext } from './context.ts';

interface AttentionInputs {
  q: TensorInfo;
  k: TensorInfo;
  v: TensorInfo;
}

/** What two tiles of four tokens leave of the 16 KiB of shared memory that every device has. */
const MAX_HEAD_CHANNELS = 512;

function sizesOf({ shape }: TensorInfo, { numHeads }: AttentionAttrs) {
  const [numImages, numTokens, numChannels] = shape as [number, number, number];
  const d = numChannels / numHeads;
  if (d > MAX_HEAD_CHANNELS) {
    throw new RangeError(`attention: a head has ${d} channels, WebGPU takes ${MAX_HEAD_CHANNELS}; use more heads`);
  }
  const numWorkgroups = numImages * numHeads * Math.ceil(numTokens / QUERIES_PER_WORKGROUP);
  const uniforms = { numTokens, numHeads, numWorkgroups, scale: 1 / Math.sqrt(d) };
  return { d, numWorkgroups, uniforms, statsShape: [numImages, numHeads, numTokens, 2] };
}

export function attention(ctx: WebgpuContext, { q, k, v }: AttentionInputs, attrs: AttentionAttrs): TensorInfo {
  const { d, numWorkgroups, uniforms } = sizesOf(q, attrs);
  return ctx.run(forwardProgram(d), [q, k, v], [q.shape], uniforms, numWorkgroups)[0]!;
}

/** dq, dk, dv. */
export function attentionGrad(
  ctx: WebgpuContext,
  { q, k, v, dy }: AttentionInputs & { dy: TensorInfo },
  attrs: AttentionAttrs,
): TensorInfo[] {
  const { d, numWorkgroups, uniforms, statsShape } = sizesOf(q, attrs);
  const shapes = [q.shape, statsShape];
  const [dq, stats] = ctx.run(queryGradientProgram(d), [q, k, v, dy], shapes, uniforms, numWorkgroups);
  const keyInputs = [q, k, v, dy, stats!];
  const [dk, dv] = ctx.run(keyGradientProgram(d), keyInputs, [q.shape, q.shape], uniforms, numWorkgroups);
  ctx.dispose(stats!);
  return [dq!, dk!, dv!];
}
