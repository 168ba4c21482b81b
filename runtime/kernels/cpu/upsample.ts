import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type CpuContext, sizeOf } from './context.ts';

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

export function upsample2x(ctx: CpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const [n, h, w, c] = x.shape as Shape4;
  const values = ctx.values(x);
  const out = new Float32Array(4 * sizeOf(x));
  forEachCopy([n, h, w, c], (large, small) => {
    out[large] = values[small]!;
  });
  return ctx.output([n, 2 * h, 2 * w, c], out);
}

export function upsample2xGrad(ctx: CpuContext, { dy }: { dy: TensorInfo }): TensorInfo {
  const [n, h, w, c] = dy.shape as Shape4;
  const shape: Shape4 = [n, h / 2, w / 2, c];
  const dys = ctx.values(dy);
  const dx = new Float64Array(sizeOf(dy) / 4);
  forEachCopy(shape, (large, small) => {
    dx[small]! += dys[large]!;
  });
  return ctx.output(shape, dx);
}
