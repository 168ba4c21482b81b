import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { WebgpuContext } from './context.ts';
import { elementwise, runElementwise } from './elementwise.ts';

type Shape4 = [number, number, number, number];

/** `inner`: channels, in Values; `width`: of the small image. Rows of all images lie below one another. */
const UNIFORMS = { inner: 'i32', width: 'i32' } as const;

const FORWARD = elementwise({
  name: 'upsample 2x',
  inputs: ['x'],
  outputs: ['y'],
  uniforms: UNIFORMS,
  body: `
    let pixel = i / uniforms.inner;
    let row = pixel / (2 * uniforms.width);
    let column = pixel % (2 * uniforms.width);
    y[i] = x[((row / 2) * uniforms.width + column / 2) * uniforms.inner + i % uniforms.inner];
  `,
});

const GRADIENT = elementwise({
  name: 'upsample 2x gradient',
  inputs: ['dy'],
  outputs: ['dx'],
  uniforms: UNIFORMS,
  body: `
    let pixel = i / uniforms.inner;
    let row = pixel / uniforms.width;
    let column = pixel % uniforms.width;
    let below = 2 * uniforms.width * uniforms.inner;
    let at = 2 * row * below + 2 * column * uniforms.inner + i % uniforms.inner;
    dx[i] = (dy[at] + dy[at + uniforms.inner]) + (dy[at + below] + dy[at + below + uniforms.inner]);
  `,
});

export function upsample2x(ctx: WebgpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const [n, h, w, c] = x.shape as Shape4;
  const size = 4 * util.sizeFromShape(x.shape);
  return runElementwise(ctx, FORWARD, [x], [[n, 2 * h, 2 * w, c]], size, { inner: c, width: w })[0]!;
}

export function upsample2xGrad(ctx: WebgpuContext, { dy }: { dy: TensorInfo }): TensorInfo {
  const [n, h, w, c] = dy.shape as Shape4;
  const size = util.sizeFromShape(dy.shape) / 4;
  return runElementwise(ctx, GRADIENT, [dy], [[n, h / 2, w / 2, c]], size, { inner: c, width: w / 2 })[0]!;
}
