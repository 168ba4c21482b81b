// Circular borders around tfjs's own convolutions, which know zero borders only.
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Padding } from '../conv2d.ts';
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

export function paddedShape(shape: number[], { top, bottom, left, right }: Padding): Shape4 {
  const [n, h, w, c] = shape as Shape4;
  return [n, top + h + bottom, left + w + right, c];
}

function uniformsOf(shape: number[], padding: Padding): Record<string, number> {
  const [, height, width, inner] = shape as Shape4;
  const [, paddedHeight, paddedWidth] = paddedShape(shape, padding);
  return { inner, height, width, paddedHeight, paddedWidth, top: padding.top, left: padding.left };
}

/** Continues the image beyond its borders by its opposite side. */
export function wrapBorder(ctx: WebgpuContext, x: TensorInfo, padding: Padding): TensorInfo {
  const shape = paddedShape(x.shape, padding);
  return runElementwise(ctx, WRAP, [x], [shape], util.sizeFromShape(shape), uniformsOf(x.shape, padding))[0]!;
}

/** The adjoint: every pixel of `shape` sums the places of the padded image that came from it. */
export function foldBorder(ctx: WebgpuContext, padded: TensorInfo, shape: number[], padding: Padding): TensorInfo {
  return runElementwise(ctx, FOLD, [padded], [shape], util.sizeFromShape(shape), uniformsOf(shape, padding))[0]!;
}
