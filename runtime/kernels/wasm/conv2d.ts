import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Conv2dAttrs, convOutSize } from '../conv2d.ts';
import type { SimdKernels, WasmContext } from './context.ts';
import {
  type PreparedConv,
  preparedWinograd,
  type Shape4,
  suitsWinograd,
  winogradGradFilter,
  winogradGradInput,
} from './winograd.ts';

/** Images taken together by the filter gradient: enough pixels for its inner loops, few enough for the cache. */
const GRAD_GROUP_PIXELS = 256;

export const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

function isPointwise(kh: number, kw: number, { stride, padding: p }: Conv2dAttrs): boolean {
  return kh === 1 && kw === 1 && stride === 1 && p.top + p.bottom + p.left + p.right === 0;
}

/** @param xShape (B, H, W, Cin) */
export function preparedConv(
  simd: SimdKernels,
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: Conv2dAttrs,
): PreparedConv {
  if (suitsWinograd(filterShape, attrs)) return preparedWinograd(simd, xShape, filterShape, attrs);
  const [n, h, w, cin] = xShape as Shape4;
  const [kh, kw, , cout] = filterShape as Shape4;
  const { stride, padding: p, circular } = attrs;
  const outH = convOutSize(h, p.top, p.bottom, kh, stride);
  const outW = convOutSize(w, p.left, p.right, kw, stride);
  const [padH, padW] = [p.top + h + p.bottom, p.left + w + p.right];
  const isPlain = isPointwise(kh, kw, attrs);
  const runPlain: PreparedConv['run'] = (x, packed, bias, out) =>
    simd.conv2d(x, packed, bias, out, 1, 1, n * h * w, cin, 1, n * h * w, cout, 1, 1, 1);
  return {
    outShape: [n, outH, outW, cout],
    packedSize: kh * kw * cin * roundUp(cout, 8),
    scratchSizes: isPlain ? [] : [n * padH * padW * cin],
    pack: (filter, packed) => simd.packFilter(filter, packed, kh * kw, cin, cout),
    run: isPlain
      ? runPlain
      : (x, packed, bias, out, [padded]) => {
          simd.pad2d(x, padded!, n, h, w, cin, p.top, p.bottom, p.left, p.right, Number(circular));
          simd.conv2d(padded!, packed, bias, out, n, padH, padW, cin, outH, outW, cout, kh, kw, stride);
        },
  };
}

/** x (B, H, W, Cin) ⋆ filter + bias. */
function conv2d(
  ctx: WasmContext,
  { x, filter, bias }: { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo },
  attrs: Conv2dAttrs,
): TensorInfo {
  const conv = preparedConv(ctx.simd, x.shape, filter.shape, attrs);
  const out = ctx.output(conv.outShape);
  ctx.withScratch([conv.packedSize, ...conv.scratchSizes], (packed, ...scratch) => {
    conv.pack(ctx.address(filter), packed!);
    conv.run(ctx.address(x), packed!, bias ? ctx.address(bias) : 0, ctx.address(out), scratch);
  });
  return out;
}

/**
 * The gradient by the input: dy spread by the stride, padded by kernel − 1, convolved with the reversed filter. The
 * gradient of the padded input comes out; with circular borders its rim is folded back onto the opposite side.
 */
function conv2dGradInput(
  ctx: WasmContext,
  { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
  attrs: Conv2dAttrs & { inputShape: number[] },
): TensorInfo {
  const [n, outH, outW, cout] = dy.shape as Shape4;
  const [kh, kw, cin] = filter.shape as Shape4;
  const [, h, w] = attrs.inputShape as Shape4;
  const { stride, padding: p, circular } = attrs;
  if (suitsWinograd(filter.shape, attrs)) return winogradGradInput(ctx, { dy, filter }, attrs);
  const dx = ctx.output(attrs.inputShape);
  const panelSize = kh * kw * cout * roundUp(cin, 8);
  if (isPointwise(kh, kw, attrs)) {
    ctx.withScratch([panelSize], (panels) => {
      ctx.simd.packFilterTransposed(ctx.address(filter), panels!, 1, cin, cout);
      ctx.simd.conv2d(ctx.address(dy), panels!, 0, ctx.address(dx), 1, 1, n * h * w, cout, 1, n * h * w, cin, 1, 1, 1);
    });
    return dx;
  }
  // The rows of dx wanted: all of the padded input where the rim must be folded, else only the image.
  const [top, left] = circular ? [0, 0] : [p.top, p.left];
  const [wantH, wantW] = circular ? [p.top + h + p.bottom, p.left + w + p.right] : [h, w];
  const [spreadH, spreadW] = [wantH + kh - 1, wantW + kw - 1];
  const rim = circular ? n * wantH * wantW * cin : 0;
  ctx.withScratch([panelSize, n * spreadH * spreadW * cout, rim], (panels, spread, padded) => {
    ctx.simd.packFilterTransposed(ctx.address(filter), panels!, kh * kw, cin, cout);
    const [atTop, atLeft] = [kh - 1 - top, kw - 1 - left];
    ctx.simd.dilate2d(ctx.address(dy), spread!, n, outH, outW, cout, spreadH, spreadW, atTop, atLeft, stride);
    const result = circular ? padded! : ctx.address(dx);
    ctx.simd.conv2d(spread!, panels!, 0, result, n, spreadH, spreadW, cout, wantH, wantW, cin, kh, kw, 1);
    if (circular) ctx.simd.foldRim(padded!, ctx.address(dx), n, h, w, cin, p.top, p.bottom, p.left, p.right);
  });
  return dx;
}

/** The gradient by the filter. */
function conv2dGradFilter(
  ctx: WasmContext,
  { x, dy }: { x: TensorInfo; dy: TensorInfo },
  attrs: Conv2dAttrs & { filterShape: number[] },
): TensorInfo {
  const [n, h, w, cin] = x.shape as Shape4;
  const [, outH, outW, cout] = dy.shape as Shape4;
  const [kh, kw] = attrs.filterShape as Shape4;
  const { stride, padding: p, circular } = attrs;
  if (suitsWinograd(attrs.filterShape, attrs)) return winogradGradFilter(ctx, { x, dy }, attrs);
  const dFilter = ctx.zeros(attrs.filterShape);
  const [padH, padW] = [p.top + h + p.bottom, p.left + w + p.right];
  const group = Math.min(n, Math.max(1, Math.round(GRAD_GROUP_PIXELS / (outH * outW))));
  const [image, gradient, result] = [ctx.address(x), ctx.address(dy), ctx.address(dFilter)];
  const sizes = [
    group * padH * padW * cin,
    group * padH * padW * roundUp(cin, 4),
    group * outH * outW * roundUp(cout, 8),
  ];
  ctx.withScratch(sizes, (padded, xPanels, dyPanels) => {
    for (let i = 0; i < n; i += group) {
      const size = Math.min(group, n - i);
      const first = image + 4 * i * h * w * cin;
      ctx.simd.pad2d(first, padded!, size, h, w, cin, p.top, p.bottom, p.left, p.right, Number(circular));
      ctx.simd.packPixels(padded!, xPanels!, size * padH * padW, cin);
      ctx.simd.packFilter(gradient + 4 * i * outH * outW * cout, dyPanels!, 1, size * outH * outW, cout);
      ctx.simd.conv2dGradFilter(xPanels!, dyPanels!, result, size, padH, padW, cin, outH, outW, cout, kh, kw, stride);
    }
  });
  return dFilter;
}

export const wasmConv2d = { conv2d, conv2dGradInput, conv2dGradFilter };
