import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Conv2dAttrs, convOutSize, type Padding } from '../conv2d.ts';
import type { WasmContext } from './context.ts';

type Shape4 = [number, number, number, number];

/** Tiles of 2×2 output pixels taken together: enough for the products' inner loops, few enough for the cache. */
const GROUP_TILES = 128;

/** Below so many channels the transforms cost more than the products that they save. */
const MIN_CHANNELS = 16;

/** The number of floats that 16 planes take, with a cache line between any two. */
const planes = (size: number) => 16 * (size + 16);

/** Whether a convolution and its gradients go by Winograd's F(2×2, 3×3): assembly/winograd.ts. */
export function suitsWinograd(filterShape: readonly number[], { stride, padding, circular }: Conv2dAttrs): boolean {
  const [kh, kw, cin, cout] = filterShape as Shape4;
  const { top, bottom, left, right } = padding;
  const suits = (channels: number) => channels >= MIN_CHANNELS && channels % 8 === 0;
  const isInvertible = circular ? top + bottom === 2 && left + right === 2 : Math.max(top, bottom, left, right) <= 2;
  return kh === 3 && kw === 3 && stride === 1 && isInvertible && suits(cin) && suits(cout);
}

/** x (B, H, W, Cin) ⋆ filter + bias. */
export function winogradConv2d(
  ctx: WasmContext,
  { x, filter, bias }: { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo },
  attrs: Conv2dAttrs,
): TensorInfo {
  const [, , cin, cout] = filter.shape as Shape4;
  const transform = (u: number) => ctx.simd.winogradFilter(ctx.address(filter), u, cin, cout);
  return convolve(ctx, x, cout, bias ? ctx.address(bias) : 0, transform, attrs);
}

/** The gradient by the input: dy convolved with the reversed filter, within the borders that undo those of x. */
export function winogradGradInput(
  ctx: WasmContext,
  { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
  { padding: p, ...attrs }: Conv2dAttrs,
): TensorInfo {
  const [, , cin, cout] = filter.shape as Shape4;
  const transform = (u: number) => ctx.simd.winogradFilterTransposed(ctx.address(filter), u, cin, cout);
  const padding = { top: 2 - p.top, bottom: 2 - p.bottom, left: 2 - p.left, right: 2 - p.right };
  return convolve(ctx, dy, cin, 0, transform, { ...attrs, padding });
}

function convolve(
  ctx: WasmContext,
  x: TensorInfo,
  cout: number,
  bias: number,
  transformFilter: (u: number) => void,
  attrs: Conv2dAttrs,
): TensorInfo {
  const [n, h, w, cin] = x.shape as Shape4;
  const { outH, outW, borders: b, padH, padW } = planOf(h, w, attrs);
  const out = ctx.output([n, outH, outW, cout]);
  const result = ctx.address(out);
  const sizes = [n * padH * padW * cin, planes(cin * cout), planes(GROUP_TILES * cin), planes(GROUP_TILES * cout)];
  ctx.withScratch(sizes, (padded, u, v, m) => {
    transformFilter(u!);
    ctx.simd.pad2d(ctx.address(x), padded!, n, h, w, cin, b.top, b.bottom, b.left, b.right, Number(attrs.circular));
    const [group, shape] = [GROUP_TILES, [n, padH, padW, cin, outH, outW, cout]];
    ctx.simd.winogradConv2d(padded!, u!, bias, result, v!, m!, ...shape, group);
  });
  return out;
}

/** The gradient by the filter. */
export function winogradGradFilter(
  ctx: WasmContext,
  { x, dy }: { x: TensorInfo; dy: TensorInfo },
  attrs: Conv2dAttrs & { filterShape: number[] },
): TensorInfo {
  const [n, h, w, cin] = x.shape as Shape4;
  const cout = dy.shape[3]!;
  const { outH, outW, borders: b, padH, padW } = planOf(h, w, attrs);
  const dFilter = ctx.output(attrs.filterShape);
  const [gradient, result] = [ctx.address(dy), ctx.address(dFilter)];
  const sizes = [n * padH * padW * cin, planes(GROUP_TILES * cin), planes(GROUP_TILES * cout), planes(cin * cout)];
  ctx.withScratch(sizes, (padded, v, d, s) => {
    ctx.simd.pad2d(ctx.address(x), padded!, n, h, w, cin, b.top, b.bottom, b.left, b.right, Number(attrs.circular));
    const [group, shape] = [GROUP_TILES, [n, padH, padW, cin, outH, outW, cout]];
    ctx.simd.winogradGradFilter(padded!, gradient, result, v!, d!, s!, ...shape, group);
  });
  return dFilter;
}

/** The output's size, and the input's borders for whole tiles of it. */
interface Plan {
  outH: number;
  outW: number;
  borders: Padding;
  padH: number;
  padW: number;
}

function planOf(h: number, w: number, { padding: p }: Conv2dAttrs): Plan {
  const outH = convOutSize(h, p.top, p.bottom, 3, 1);
  const outW = convOutSize(w, p.left, p.right, 3, 1);
  const borders = { ...p, bottom: p.bottom + (outH % 2), right: p.right + (outW % 2) };
  return { outH, outW, borders, padH: p.top + h + borders.bottom, padW: p.left + w + borders.right };
}
