import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { CpuContext } from './context.ts';

/** z · sigmoid(z). */
export function siluOf(z: number): number {
  return z / (1 + Math.exp(-z));
}

/** The derivative of z · sigmoid(z). */
export function siluSlope(z: number): number {
  const sigmoid = 1 / (1 + Math.exp(-z));
  return sigmoid * (1 + z * (1 - sigmoid));
}

export function silu(ctx: CpuContext, { x }: { x: TensorInfo }): TensorInfo {
  return ctx.output(x.shape, ctx.values(x).map(siluOf));
}

export function siluGrad(ctx: CpuContext, { x, dy }: { x: TensorInfo; dy: TensorInfo }): TensorInfo {
  const dys = ctx.values(dy);
  return ctx.output(
    x.shape,
    ctx.values(x).map((value, i) => dys[i]! * siluSlope(value)),
  );
}
