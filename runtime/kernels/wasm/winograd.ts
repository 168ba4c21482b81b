import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Conv2dAttrs, convOutSize, type Padding } from '../conv2d.ts';
import type { SimdKernels, WasmContext } from './context.ts';

export type Shape4 = [number, number, number, number];

/** A convolution of known sizes: how its filter is laid out for it, and how it is computed with that. Sizes are in floats. */
export interface PreparedConv {
  outShape: Shape4;
  packedSize: number;
  scratchSizes: number[];
  /** All arguments are addresses, as they are of `run`. */
  pack(filter: number, packed: number): void;
  /** @param bias 0: none */
  run(x: number, packed: number, bias: number, out: number, scratch: readonly number[]): void;
}

/** Tiles of 2×2 output pixels taken together: enough for the products' inner loops, few enough for the cache. */
const GROUP_TILES = 128;

/** Below so many channels the transforms cost more than the products that they save. */
const MIN_CHANNELS = 16;

/** The number of floats that planes take, with a cache line between any two. */
const planes = (size: number, count = 16) => count * (size + 16);

/** Whether a convolution and its gradients go by Winograd's F(2×2, 3×3): assembly/winograd.ts. */
export function suitsWinograd(filterShape: readonly number[], { stride, padding, circular }: Conv2dAttrs): boolean {
  const [kh, kw, cin, cout] = filterShape as Shape4;
  const { top, bottom, left, right } = padding;
  const suits = (channels: number) => channels >= MIN_CHANNELS && channels % 8 === 0;
  const isInvertible = circular ? top + bottom === 2 && left + right === 2 : Math.max(top, bottom, left, right) <= 2;
  return kh === 3 && kw === 3 && stride === 1 && isInvertible && suits(cin) && suits(cout);
}

/** A convolution whose filter is transformed for products of whole tiles. */
export function preparedWinograd(
  simd: SimdKernels,
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: Conv2dAttrs,
): PreparedConv {
  const [n, h, w, cin] = xShape as Shape4;
  const cout = filterShape[3]!;
  const { outH, outW, borders: b, padH, padW } = planOf(h, w, attrs);
  return {
    outShape: [n, outH, outW, cout],
    packedSize: planes(cin * cout),
    scratchSizes: [n * padH * padW * cin, planes(GROUP_TILES * cin), planes(GROUP_TILES * cout)],
    pack: (filter, packed) => simd.winogradFilter(filter, packed, cin, cout),
    run: (x, packed, bias, out, [padded, v, m]) => {
      simd.pad2d(x, padded!, n, h, w, cin, b.top, b.bottom, b.left, b.right, Number(attrs.circular));
      const [group, shape] = [GROUP_TILES, [n, padH, padW, cin, outH, outW, cout]];
      simd.winogradConv2d(padded!, packed, bias, out, v!, m!, ...shape, group);
    },
  };
}

/** The planes of a doubled image: assembly/winogradDoubled.ts. */
const DOUBLED_PLANES = 9;

/** Whether a convolution of a doubled image is made of the small one. */
export function suitsDoubledWinograd(filterShape: readonly number[], attrs: Conv2dAttrs): boolean {
  const { top, bottom, left, right } = attrs.padding;
  return suitsWinograd(filterShape, attrs) && [top, bottom, left, right].every((border) => border === 1);
}

/**
 * A convolution of an image that is doubled before.
 *
 * @param xShape of the small image, (B, H, W, Cin)
 */
export function preparedDoubledWinograd(
  simd: SimdKernels,
  xShape: readonly number[],
  filterShape: readonly number[],
  { circular }: Conv2dAttrs,
): PreparedConv {
  const [n, h, w, cin] = xShape as Shape4;
  const cout = filterShape[3]!;
  const groupSize = (channels: number) => planes(GROUP_TILES * channels, DOUBLED_PLANES);
  return {
    outShape: [n, 2 * h, 2 * w, cout],
    packedSize: planes(cin * cout, DOUBLED_PLANES),
    scratchSizes: [n * (h + 2) * (w + 2) * cin, groupSize(cin), groupSize(cout)],
    pack: (filter, packed) => simd.winogradDoubledFilter(filter, packed, cin, cout),
    run: (x, packed, bias, out, [padded, v, m]) => {
      simd.pad2d(x, padded!, n, h, w, cin, 1, 1, 1, 1, Number(circular));
      simd.winogradDoubledConv2d(padded!, packed, bias, out, v!, m!, n, h, w, cin, cout, GROUP_TILES);
    },
  };
}

/** The gradient by the input: dy convolved with the reversed filter, within the borders that undo those of x. */
export function winogradGradInput(
  ctx: WasmContext,
  { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
  { padding: p, ...attrs }: Conv2dAttrs,
): TensorInfo {
  const [kh, kw, cin, cout] = filter.shape as Shape4;
  const padding = { top: 2 - p.top, bottom: 2 - p.bottom, left: 2 - p.left, right: 2 - p.right };
  const conv = preparedWinograd(ctx.simd, dy.shape, [kh, kw, cout, cin], { ...attrs, padding });
  const dx = ctx.output(conv.outShape);
  ctx.withScratch([conv.packedSize, ...conv.scratchSizes], (packed, ...scratch) => {
    ctx.simd.winogradFilterTransposed(ctx.address(filter), packed!, cin, cout);
    conv.run(ctx.address(dy), packed!, 0, ctx.address(dx), scratch);
  });
  return dx;
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
