import { engine, type Tensor3D, type TensorInfo } from '@tensorflow/tfjs-core';

export const ATTENTION = 'FigmentAttention';
export const ATTENTION_GRAD = 'FigmentAttentionGrad';

/** The inputs of the kernel, (B, T, C) each. */
export type AttentionInputs = Record<'q' | 'k' | 'v', TensorInfo>;

export interface AttentionAttrs {
  numHeads: number;
}

/**
 * Multi-head attention softmax(q kᵀ / √d) v, d = C / numHeads; head h holds channels h·d … (h+1)·d − 1.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762, eq. (1).
 * @param q float32 (B, T, C)
 * @param k float32 (B, T, C)
 * @param v float32 (B, T, C)
 * @returns float32 (B, T, C); the caller disposes it
 * @throws  RangeError when the heads do not divide the channels or the shapes differ
 */
export function attention(q: Tensor3D, k: Tensor3D, v: Tensor3D, numHeads: number): Tensor3D {
  if (q.shape[2] % numHeads !== 0) {
    throw new RangeError(`attention: ${numHeads} heads do not divide ${q.shape[2]} channels`);
  }
  if (q.size !== k.size || q.size !== v.size) {
    throw new RangeError(`attention: shapes of q (${q.shape}), k (${k.shape}) and v (${v.shape}) differ`);
  }
  return engine().runKernel(ATTENTION, { q, k, v }, { numHeads }) as Tensor3D;
}
