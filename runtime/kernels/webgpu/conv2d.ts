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
  util,
} from '@tensorflow/tfjs-core';
import type { Conv2dAttrs, Padding } from '../conv2d.ts';
import type { WebgpuContext } from './context.ts';
import { elementwise, runElementwise } from './elementwise.ts';

type Shape4 = [number, number, number, number];

/** `inner`: channels in Values; the padded image is paddedHeight × paddedWidth, the plain one height × width. */
const UNIFORMS = {
  inner: 'i32',
  height: 'i32',
  width: 'i32',
  paddedHeight: 'i32',
  paddedWidth: 'i32',
  top: 'i32',
  left: 'i32',
} as const;

const WRAP = elementwise({
  name: 'wrap border',
  inputs: ['x'],
  outputs: ['padded'],
  uniforms: UNIFORMS,
  body: `
    let pixel = i / uniforms.inner;
    let image = pixel / (uniforms.paddedWidth * uniforms.paddedHeight);
    let fromTop = (pixel / uniforms.paddedWidth) % uniforms.paddedHeight - uniforms.top;
    let fromLeft = pixel % uniforms.paddedWidth - uniforms.left;
    let row = ((fromTop % uniforms.height) + uniforms.height) % uniforms.height;
    let column = ((fromLeft % uniforms.width) + uniforms.width) % uniforms.width;
    padded[i] = x[((image * uniforms.height + row) * uniforms.width + column) * uniforms.inner + i % uniforms.inner];
  `,
});

const FOLD = elementwise({
  name: 'fold border',
  inputs: ['padded'],
  outputs: ['x'],
  uniforms: UNIFORMS,
  body: `
    let pixel = i / uniforms.inner;
    let image = pixel / (uniforms.width * uniforms.height);
    let firstRow = ((pixel / uniforms.width) % uniforms.height + uniforms.top) % uniforms.height;
    let firstColumn = (pixel % uniforms.width + uniforms.left) % uniforms.width;
    var sum = Value(0.0);
    for (var row = firstRow; row < uniforms.paddedHeight; row += uniforms.height) {
      for (var column = firstColumn; column < uniforms.paddedWidth; column += uniforms.width) {
        let at = (image * uniforms.paddedHeight + row) * uniforms.paddedWidth + column;
        sum += padded[at * uniforms.inner + i % uniforms.inner];
      }
    }
    x[i] = sum;
  `,
});

function paddedShape(shape: number[], { top, bottom, left, right }: Padding): Shape4 {
  const [n, h, w, c] = shape as Shape4;
  return [n, top + h + bottom, left + w + right, c];
}

function uniformsOf(shape: number[], padding: Padding): Record<string, number> {
  const [, height, width, inner] = shape as Shape4;
  const [, paddedHeight, paddedWidth] = paddedShape(shape, padding);
  return { inner, height, width, paddedHeight, paddedWidth, top: padding.top, left: padding.left };
}

/** Continues the image beyond its borders by its opposite side. */
function wrapBorder(ctx: WebgpuContext, x: TensorInfo, padding: Padding): TensorInfo {
  const shape = paddedShape(x.shape, padding);
  return runElementwise(ctx, WRAP, [x], [shape], util.sizeFromShape(shape), uniformsOf(x.shape, padding))[0]!;
}

/** The adjoint: every pixel of `shape` sums the places of the padded image that came from it. */
function foldBorder(ctx: WebgpuContext, padded: TensorInfo, shape: number[], padding: Padding): TensorInfo {
  return runElementwise(ctx, FOLD, [padded], [shape], util.sizeFromShape(shape), uniformsOf(shape, padding))[0]!;
}

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
function conv2d(
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
function conv2dGradInput(
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

export const webgpuConv2d = { conv2d, conv2dGradInput };
