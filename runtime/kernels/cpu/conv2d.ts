import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Conv2dAttrs, convOutSize } from '../conv2d.ts';
import type { CpuContext } from './context.ts';

type Shape4 = [number, number, number, number];

/** Where one filter tap meets the image: offsets of the first channel in x, in the filter and in the output. */
type TapVisitor = (xAt: number, filterAt: number, outAt: number) => void;

/** The image's row or column under a padded coordinate, or −1 on the zero border. */
function source(padded: number, before: number, size: number, circular: boolean): number {
  const at = padded - before;
  if (circular) return ((at % size) + size) % size;
  return at < size ? Math.max(at, -1) : -1;
}

function outShape(xShape: number[], filterShape: number[], { stride, padding: p }: Conv2dAttrs): Shape4 {
  const [n, h, w] = xShape as Shape4;
  const [kh, kw, , cout] = filterShape as Shape4;
  return [n, convOutSize(h, p.top, p.bottom, kh, stride), convOutSize(w, p.left, p.right, kw, stride), cout];
}

/** Visits every pair of output pixel and filter tap that lies on the image. */
function forEachTap(xShape: number[], filterShape: number[], attrs: Conv2dAttrs, visit: TapVisitor): void {
  const [, h, w, cin] = xShape as Shape4;
  const [kh, kw] = filterShape as Shape4;
  const [n, outH, outW, cout] = outShape(xShape, filterShape, attrs);
  const { stride, padding, circular } = attrs;
  const numPixels = n * outH * outW;
  for (let pixel = 0; pixel < numPixels; pixel++) {
    const outX = pixel % outW;
    const outY = Math.floor(pixel / outW) % outH;
    const image = Math.floor(pixel / (outW * outH));
    for (let tap = 0; tap < kh * kw; tap++) {
      const y = source(outY * stride + Math.floor(tap / kw), padding.top, h, circular);
      const x = source(outX * stride + (tap % kw), padding.left, w, circular);
      if (y >= 0 && x >= 0) visit(((image * h + y) * w + x) * cin, tap * cin * cout, pixel * cout);
    }
  }
}

/** x (B, H, W, Cin) ⋆ filter + bias. */
function conv2d(
  ctx: CpuContext,
  { x, filter, bias }: { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo },
  attrs: Conv2dAttrs,
): TensorInfo {
  const shape = outShape(x.shape, filter.shape, attrs);
  const [, , cin, cout] = filter.shape as Shape4;
  const [xs, filters] = [ctx.values(x), ctx.values(filter)];
  const out = new Float64Array(shape.reduce((a, b) => a * b, 1));
  if (bias) for (let i = 0; i < out.length; i += cout) out.set(ctx.values(bias), i);
  forEachTap(x.shape, filter.shape, attrs, (xAt, filterAt, outAt) => {
    for (let ci = 0; ci < cin; ci++) {
      const value = xs[xAt + ci]!;
      const row = filterAt + ci * cout;
      for (let co = 0; co < cout; co++) out[outAt + co]! += value * filters[row + co]!;
    }
  });
  return ctx.output(shape, out);
}

/** The gradient by the input. */
function conv2dGradInput(
  ctx: CpuContext,
  { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
  attrs: Conv2dAttrs & { inputShape: number[] },
): TensorInfo {
  const [, , cin, cout] = filter.shape as Shape4;
  const [dys, filters] = [ctx.values(dy), ctx.values(filter)];
  const dx = new Float64Array(attrs.inputShape.reduce((a, b) => a * b, 1));
  forEachTap(attrs.inputShape, filter.shape, attrs, (xAt, filterAt, outAt) => {
    for (let ci = 0; ci < cin; ci++) {
      const row = filterAt + ci * cout;
      let sum = 0;
      for (let co = 0; co < cout; co++) sum += dys[outAt + co]! * filters[row + co]!;
      dx[xAt + ci]! += sum;
    }
  });
  return ctx.output(attrs.inputShape, dx);
}

/** The gradient by the filter. */
function conv2dGradFilter(
  ctx: CpuContext,
  { x, dy }: { x: TensorInfo; dy: TensorInfo },
  attrs: Conv2dAttrs & { filterShape: number[] },
): TensorInfo {
  const [, , cin, cout] = attrs.filterShape as Shape4;
  const [xs, dys] = [ctx.values(x), ctx.values(dy)];
  const dFilter = new Float64Array(attrs.filterShape.reduce((a, b) => a * b, 1));
  forEachTap(x.shape, attrs.filterShape, attrs, (xAt, filterAt, outAt) => {
    for (let ci = 0; ci < cin; ci++) {
      const value = xs[xAt + ci]!;
      const row = filterAt + ci * cout;
      for (let co = 0; co < cout; co++) dFilter[row + co]! += value * dys[outAt + co]!;
    }
  });
  return ctx.output(attrs.filterShape, dFilter);
}

export const cpuConv2d = { conv2d, conv2dGradInput, conv2dGradFilter };
