import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type AdamWAttrs, type AdamWInputs, adamWScalars } from '../adamW.ts';
import { type CpuContext, sizeOf } from './context.ts';

/** z · sigmoid(z). */
export function siluOf(z: number): number {
  return z / (1 + Math.exp(-z));
}

/** The derivative of z · sigmoid(z). */
export function siluSlope(z: number): number {
  const sigmoid = 1 / (1 + Math.exp(-z));
  return sigmoid * (1 + z * (1 - sigmoid));
}

function silu(ctx: CpuContext, { x }: { x: TensorInfo }): TensorInfo {
  return ctx.output(x.shape, ctx.values(x).map(siluOf));
}

function siluGrad(ctx: CpuContext, { x, dy }: { x: TensorInfo; dy: TensorInfo }): TensorInfo {
  const dys = ctx.values(dy);
  return ctx.output(
    x.shape,
    ctx.values(x).map((value, i) => dys[i]! * siluSlope(value)),
  );
}

/** (…, C) → (C): the gradient of a bias. */
function sumRows(ctx: CpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const numChannels = x.shape[x.shape.length - 1]!;
  const sums = new Float64Array(numChannels);
  ctx.values(x).forEach((value, i) => {
    sums[i % numChannels]! += value;
  });
  return ctx.output([numChannels], sums);
}

type Shape4 = [number, number, number, number];

/** Calls visit(index in the large image, index in the small one) for every element of (n, 2h, 2w, c). */
function forEachCopy([n, h, w, c]: Shape4, visit: (large: number, small: number) => void): void {
  for (let row = 0; row < n * 2 * h; row++) {
    for (let col = 0; col < 2 * w; col++) {
      const large = (row * 2 * w + col) * c;
      const small = ((row >> 1) * w + (col >> 1)) * c;
      for (let j = 0; j < c; j++) visit(large + j, small + j);
    }
  }
}

function upsample2x(ctx: CpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const [n, h, w, c] = x.shape as Shape4;
  const values = ctx.values(x);
  const out = new Float32Array(4 * sizeOf(x));
  forEachCopy([n, h, w, c], (large, small) => {
    out[large] = values[small]!;
  });
  return ctx.output([n, 2 * h, 2 * w, c], out);
}

function upsample2xGrad(ctx: CpuContext, { dy }: { dy: TensorInfo }): TensorInfo {
  const [n, h, w, c] = dy.shape as Shape4;
  const shape: Shape4 = [n, h / 2, w / 2, c];
  const dys = ctx.values(dy);
  const dx = new Float64Array(sizeOf(dy) / 4);
  forEachCopy(shape, (large, small) => {
    dx[small]! += dys[large]!;
  });
  return ctx.output(shape, dx);
}

/** Returns the new parameter and moments. */
function adamW(ctx: CpuContext, { param, grad, m, v }: AdamWInputs, attrs: AdamWAttrs): TensorInfo[] {
  const { beta1, beta2, epsilon, gradScale } = attrs;
  const { stepSize, rootScale, decay } = adamWScalars(attrs);
  const [params, grads, ms, vs] = [param, grad, m, v].map((tensor) => ctx.values(tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const size = sizeOf(param);
  const [newParams, newMs, newVs] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  for (let i = 0; i < size; i++) {
    const g = grads[i]! * gradScale;
    const newM = beta1 * ms[i]! + (1 - beta1) * g;
    const newV = beta2 * vs[i]! + (1 - beta2) * g * g;
    newParams[i] = decay * params[i]! - (stepSize * newM) / (rootScale * Math.sqrt(newV) + epsilon);
    newMs[i] = newM;
    newVs[i] = newV;
  }
  return [newParams, newMs, newVs].map((values) => ctx.output(param.shape, values));
}

export const cpuElementwise = { silu, siluGrad, sumRows, upsample2x, upsample2xGrad, adamW };
