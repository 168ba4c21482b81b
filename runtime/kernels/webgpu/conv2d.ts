// Forward convolution and input gradient are tfjs's own kernels, which it tunes for each device; the circular border and
// the filter gradient are ours.
import {
  Conv2D,
  Conv2DBackpropInput,
  FusedConv2D,
  getKernel,
  type KernelBackend,
  type NamedAttrMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { Conv2dAttrs, Padding } from '../conv2d.ts';
import { foldBorder, paddedShape, wrapBorder } from './circularBorder.ts';
import type { WebgpuContext } from './context.ts';

const NO_PADDING: Padding = { top: 0, bottom: 0, left: 0, right: 0 };

function stockAttrs(stride: number, { top, bottom, left, right }: Padding): NamedAttrMap {
  const pad = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return { strides: [stride, stride], pad, dataFormat: 'NHWC', dilations: [1, 1] };
}

function runStock(ctx: WebgpuContext, name: string, inputs: Record<string, TensorInfo>, attrs: NamedAttrMap) {
  const backend: KernelBackend = ctx.backend;
  return getKernel(name, 'webgpu').kernelFunc({ inputs, attrs, backend }) as TensorInfo;
}

/** x (B, H, W, Cin) ⋆ filter + bias. */
export function conv2d(
  ctx: WebgpuContext,
  { x, filter, bias }: { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo },
  { stride, padding, circular }: Conv2dAttrs,
): TensorInfo {
  const image = circular ? wrapBorder(ctx, x, padding) : x;
  const attrs = stockAttrs(stride, circular ? NO_PADDING : padding);
  const out = bias
    ? runStock(ctx, FusedConv2D, { x: image, filter, bias }, attrs)
    : runStock(ctx, Conv2D, { x: image, filter }, attrs);
  if (circular) ctx.dispose(image);
  return out;
}

/** The gradient by the input. */
export function conv2dGradInput(
  ctx: WebgpuContext,
  { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
  { stride, padding, circular, inputShape }: Conv2dAttrs & { inputShape: number[] },
): TensorInfo {
  if (!circular) {
    const attrs = { ...stockAttrs(stride, padding), inputShape };
    return runStock(ctx, Conv2DBackpropInput, { dy, filter }, attrs);
  }
  const attrs = { ...stockAttrs(stride, NO_PADDING), inputShape: paddedShape(inputShape, padding) };
  const dPadded = runStock(ctx, Conv2DBackpropInput, { dy, filter }, attrs);
  const dx = foldBorder(ctx, dPadded, inputShape, padding);
  ctx.dispose(dPadded);
  return dx;
}
