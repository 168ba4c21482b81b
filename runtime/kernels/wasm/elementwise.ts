import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type AdamWAttrs, type AdamWInputs, adamWScalars } from '../adamW.ts';
import type { WasmContext } from './context.ts';

const sizeOf = (tensor: TensorInfo) => tensor.shape.reduce((a, b) => a * b, 1);

function silu(ctx: WasmContext, { x }: { x: TensorInfo }): TensorInfo {
  const out = ctx.output(x.shape);
  ctx.simd.silu(ctx.address(x), ctx.address(out), sizeOf(x));
  return out;
}

function siluGrad(ctx: WasmContext, { x, dy }: { x: TensorInfo; dy: TensorInfo }): TensorInfo {
  const dx = ctx.output(x.shape);
  ctx.simd.siluGrad(ctx.address(x), ctx.address(dy), ctx.address(dx), sizeOf(x));
  return dx;
}

/** (…, C) → (C). */
function sumRows(ctx: WasmContext, { x }: { x: TensorInfo }): TensorInfo {
  const c = x.shape[x.shape.length - 1]!;
  const out = ctx.output([c]);
  ctx.simd.sumRows(ctx.address(x), ctx.address(out), sizeOf(x) / c, c);
  return out;
}

function upsample2x(ctx: WasmContext, { x }: { x: TensorInfo }): TensorInfo {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const out = ctx.output([n, 2 * h, 2 * w, c]);
  ctx.simd.upsample2x(ctx.address(x), ctx.address(out), n, h, w, c);
  return out;
}

function upsample2xGrad(ctx: WasmContext, { dy }: { dy: TensorInfo }): TensorInfo {
  const [n, h, w, c] = dy.shape as [number, number, number, number];
  const dx = ctx.output([n, h / 2, w / 2, c]);
  ctx.simd.upsample2xGrad(ctx.address(dy), ctx.address(dx), n, h / 2, w / 2, c);
  return dx;
}

function adamW(ctx: WasmContext, { param, grad, m, v }: AdamWInputs, attrs: AdamWAttrs): TensorInfo[] {
  const results = [ctx.output(param.shape), ctx.output(param.shape), ctx.output(param.shape)];
  const addresses = [param, grad, m, v, ...results].map((tensor) => ctx.address(tensor));
  const { stepSize, rootScale, decay } = adamWScalars(attrs);
  const { beta1, beta2, epsilon, gradScale } = attrs;
  const scalars = [stepSize, beta1, 1 - beta1, beta2, 1 - beta2, rootScale, epsilon, decay, gradScale];
  ctx.simd.adamW(...addresses, sizeOf(param), ...scalars);
  return results;
}

export const wasmElementwise = { silu, siluGrad, sumRows, upsample2x, upsample2xGrad, adamW };
