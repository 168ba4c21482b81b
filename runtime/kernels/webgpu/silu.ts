import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { WebgpuContext } from './context.ts';
import { elementwise, runElementwise } from './elementwise.ts';

const FORWARD = elementwise({
  name: 'silu',
  inputs: ['x'],
  outputs: ['y'],
  body: 'y[i] = x[i] * sigmoid(x[i]);',
});

const GRADIENT = elementwise({
  name: 'silu gradient',
  inputs: ['x', 'dy'],
  outputs: ['dx'],
  body: 'dx[i] = dy[i] * siluSlope(x[i]);',
});

export function silu(ctx: WebgpuContext, { x }: { x: TensorInfo }): TensorInfo {
  return runElementwise(ctx, FORWARD, [x], [x.shape], util.sizeFromShape(x.shape))[0]!;
}

export function siluGrad(ctx: WebgpuContext, { x, dy }: { x: TensorInfo; dy: TensorInfo }): TensorInfo {
  return runElementwise(ctx, GRADIENT, [x, dy], [x.shape], util.sizeFromShape(x.shape))[0]!;
}
