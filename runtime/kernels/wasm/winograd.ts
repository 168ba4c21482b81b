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

/** How an image is taken apart: assembly/winograd.ts. */
interface Tiling {
  /** A tile's output pixels in each dimension. */
  size: 2 | 4;
  numPlanes: number;
  /** Tiles taken together: enough for the products' inner loops, few enough for the cache. */
  groupTiles: number;
  /** Floats behind the planes, for what lies between the transforms of the two dimensions. */
  between: number;
}

const SMALL_TILES: Tiling = { size: 2, numPlanes: 16, groupTiles: 128, between: 0 };
const LARGE_TILES: Tiling = { size: 4, numPlanes: 36, groupTiles: 64, between: 144 };

/** With fewer large tiles, reading a filter of 36 planes takes longer than the products that they save. */
const MIN_LARGE_TILES = 4;

/** Large tiles are taken where they leave at most this share of the products that small ones leave: their transforms cost more. */
const WORTHWHILE_SHARE = 0.8;

/** Below so many channels the transforms cost more than the products that they save. */
const MIN_CHANNELS = 16;

/** The number of floats that planes take, with a cache line between any two. */
const planes = (size: number, count: number) => count * (size + 16);

/** Whether a convolution and its gradients go by Winograd's minimal filtering. */
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
  const { outH, outW, borders: b, padH, padW, tiling } = planOf(h, w, attrs);
  const { size, groupTiles } = tiling;
  const sizes = sizesOf(tiling, cin, cout);
  return {
    outShape: [n, outH, outW, cout],
    packedSize: sizes.filter,
    scratchSizes: [n * padH * padW * cin, sizes.input, sizes.output],
    pack: (filter, packed) => simd.winogradFilter(filter, packed, cin, cout, 0, size),
    run: (x, packed, bias, out, [padded, v, m]) => {
      simd.pad2d(x, padded!, n, h, w, cin, b.top, b.bottom, b.left, b.right, Number(attrs.circular));
      const shape = [n, padH, padW, cin, outH, outW, cout];
      simd.winogradConv2d(padded!, packed, bias, out, v!, m!, ...shape, groupTiles, size);
    },
  };
}

/** What the planes of a group of tiles take, and those of a filter, in floats. */
function sizesOf({ numPlanes, groupTiles, between }: Tiling, cin: number, cout: number) {
  return {
    filter: planes(cin * cout, numPlanes) + between,
    input: planes(groupTiles * cin, numPlanes) + between,
    output: planes(groupTiles * cout, numPlanes),
  };
}

/** How a doubled image is taken apart: assembly/winogradDoubled.ts. */
const DOUBLED_PLANES = 9;
const DOUBLED_GROUP_TILES = 128;

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
  const groupSize = (channels: number) => planes(DOUBLED_GROUP_TILES * channels, DOUBLED_PLANES);
  return {
    outShape: [n, 2 * h, 2 * w, cout],
    packedSize: planes(cin * cout, DOUBLED_PLANES),
    scratchSizes: [n * (h + 2) * (w + 2) * cin, groupSize(cin), groupSize(cout)],
    pack: (filter, packed) => simd.winogradDoubledFilter(filter, packed, cin, cout),
    run: (x, packed, bias, out, [padded, v, m]) => {
      simd.pad2d(x, padded!, n, h, w, cin, 1, 1, 1, 1, Number(circular));
      simd.winogradDoubledConv2d(padded!, packed, bias, out, v!, m!, n, h, w, cin, cout, DOUBLED_GROUP_TILES);
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
  const { size } = tilingOf(conv.outShape[1], conv.outShape[2]);
  ctx.withScratch([conv.packedSize, ...conv.scratchSizes], (packed, ...scratch) => {
    ctx.simd.winogradFilter(ctx.address(filter), packed!, cin, cout, 1, size);
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
  const { outH, outW, borders: b, padH, padW, tiling } = planOf(h, w, attrs);
  const { size, groupTiles } = tiling;
  const sizes = sizesOf(tiling, cin, cout);
  const dFilter = ctx.output(attrs.filterShape);
  const [gradient, result] = [ctx.address(dy), ctx.address(dFilter)];
  ctx.withScratch([n * padH * padW * cin, sizes.input, sizes.output, sizes.filter], (padded, v, d, s) => {
    ctx.simd.pad2d(ctx.address(x), padded!, n, h, w, cin, b.top, b.bottom, b.left, b.right, Number(attrs.circular));
    const shape = [n, padH, padW, cin, outH, outW, cout];
    ctx.simd.winogradGradFilter(padded!, gradient, result, v!, d!, s!, ...shape, groupTiles, size);
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
  tiling: Tiling;
}

function planOf(h: number, w: number, { padding: p }: Conv2dAttrs): Plan {
  const outH = convOutSize(h, p.top, p.bottom, 3, 1);
  const outW = convOutSize(w, p.left, p.right, 3, 1);
  const tiling = tilingOf(outH, outW);
  const missing = (size: number) => (tiling.size - (size % tiling.size)) % tiling.size;
  const borders = { ...p, bottom: p.bottom + missing(outH), right: p.right + missing(outW) };
  return { outH, outW, borders, padH: p.top + h + borders.bottom, padW: p.left + w + borders.right, tiling };
}

/**
 * Large tiles, unless an image has few, or much of them lies outside. How many images there are does not count: they round
 * differently, and a picture is the same alone and in a batch.
 */
function tilingOf(outH: number, outW: number): Tiling {
  const numTiles = ({ size }: Tiling) => Math.ceil(outH / size) * Math.ceil(outW / size);
  const numProducts = (tiling: Tiling) => tiling.numPlanes * numTiles(tiling);
  const saves = numProducts(LARGE_TILES) <= WORTHWHILE_SHARE * numProducts(SMALL_TILES);
  return saves && numTiles(LARGE_TILES) >= MIN_LARGE_TILES ? LARGE_TILES : SMALL_TILES;
}
