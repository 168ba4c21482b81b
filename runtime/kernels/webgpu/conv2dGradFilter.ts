// The gradient of a convolution by its filter, as the matrix product of the image's patches (taps · Cin, pixels) with
// dy (pixels, Cout). The patches are gathered on the way into shared memory, borders included, and the pixels are
// split over several workgroups whose results are added up in a fixed order. tfjs's kernel loops over all pixels in
// one thread a filter weight.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Conv2dAttrs } from '../conv2d.ts';
import type { WebgpuContext } from './context.ts';
import type { Program } from './program.ts';
import { sumRows } from './sumRows.ts';

type Shape4 = [number, number, number, number];

/** A workgroup of 8 × 8 threads computes 32 × 32 weights, 16 pixels at a time; a thread 4 × 4 of them. */
const TILE = 32;
const TILE_PIXELS = 16;
/** Enough workgroups to fill a large GPU, none with fewer pixels than are worth its start. */
const WANTED_WORKGROUPS = 512;
const MIN_PIXELS_PER_SPLIT = 128;

const PROGRAM: Program = {
  key: 'conv2d filter gradient',
  lanes: 1,
  inputs: { x: 'f32', dy: 'f32' },
  outputs: { shares: 'f32' },
  uniforms: {
    height: 'i32',
    width: 'i32',
    cin: 'i32',
    outHeight: 'i32',
    outWidth: 'i32',
    cout: 'i32',
    kernelWidth: 'i32',
    stride: 'i32',
    top: 'i32',
    left: 'i32',
    circular: 'i32',
    numRows: 'i32',
    numPixels: 'i32',
    pixelsPerSplit: 'i32',
    numRowTiles: 'i32',
    numColumnTiles: 'i32',
    numSplits: 'i32',
  },
  workgroupSize: 64,
  code: `
    var<workgroup> patches: array<vec4<f32>, ${(TILE_PIXELS * TILE) / 4}>;
    var<workgroup> gradients: array<vec4<f32>, ${(TILE_PIXELS * TILE) / 4}>;

    fn wrap(at: i32, size: i32) -> i32 {
      return select(at, ((at % size) + size) % size, uniforms.circular == 1);
    }

    // x under tap and channel 'row' of the filter, at output pixel 'pixel'.
    fn patchAt(row: i32, pixel: i32) -> f32 {
      let tap = row / uniforms.cin;
      let outX = pixel % uniforms.outWidth;
      let outY = (pixel / uniforms.outWidth) % uniforms.outHeight;
      let image = pixel / (uniforms.outWidth * uniforms.outHeight);
      let atY = wrap(outY * uniforms.stride + tap / uniforms.kernelWidth - uniforms.top, uniforms.height);
      let atX = wrap(outX * uniforms.stride + tap % uniforms.kernelWidth - uniforms.left, uniforms.width);
      if (atY < 0 || atY >= uniforms.height || atX < 0 || atX >= uniforms.width) { return 0.0; }
      return x[((image * uniforms.height + atY) * uniforms.width + atX) * uniforms.cin + row % uniforms.cin];
    }

    fn patch4(row: i32, pixel: i32, end: i32) -> vec4<f32> {
      var values = vec4<f32>(0.0);
      for (var j = 0; j < 4; j++) {
        if (pixel < end && row + j < uniforms.numRows) { values[j] = patchAt(row + j, pixel); }
      }
      return values;
    }

    fn gradient4(column: i32, pixel: i32, end: i32) -> vec4<f32> {
      var values = vec4<f32>(0.0);
      for (var j = 0; j < 4; j++) {
        if (pixel < end && column + j < uniforms.cout) { values[j] = dy[pixel * uniforms.cout + column + j]; }
      }
      return values;
    }

    fn main(group: i32, local: i32) {
      if (group >= uniforms.numRowTiles * uniforms.numColumnTiles * uniforms.numSplits) { return; }
      let rowTile = group % uniforms.numRowTiles;
      let columnTile = (group / uniforms.numRowTiles) % uniforms.numColumnTiles;
      let split = group / (uniforms.numRowTiles * uniforms.numColumnTiles);
      let quad = local % 8;
      let line = local / 8;
      let begin = split * uniforms.pixelsPerSplit;
      let end = min(uniforms.numPixels, begin + uniforms.pixelsPerSplit);
      var sums: array<vec4<f32>, 4>;
      for (var first = begin; first < end; first += ${TILE_PIXELS}) {
        workgroupBarrier();
        for (var p = line; p < ${TILE_PIXELS}; p += 8) {
          patches[p * 8 + quad] = patch4(rowTile * ${TILE} + quad * 4, first + p, end);
          gradients[p * 8 + quad] = gradient4(columnTile * ${TILE} + quad * 4, first + p, end);
        }
        workgroupBarrier();
        for (var p = 0; p < ${TILE_PIXELS}; p++) {
          let rows = patches[p * 8 + line];
          let columns = gradients[p * 8 + quad];
          for (var j = 0; j < 4; j++) { sums[j] += rows[j] * columns; }
        }
      }
      let column = columnTile * ${TILE} + quad * 4;
      for (var j = 0; j < 4; j++) {
        let row = rowTile * ${TILE} + line * 4 + j;
        for (var i = 0; i < 4; i++) {
          if (row < uniforms.numRows && column + i < uniforms.cout) {
            shares[(split * uniforms.numRows + row) * uniforms.cout + column + i] = sums[j][i];
          }
        }
      }
    }
  `,
};

interface Split {
  numRowTiles: number;
  numColumnTiles: number;
  numSplits: number;
  pixelsPerSplit: number;
}

function splitOf(numRows: number, cout: number, numPixels: number): Split {
  const numRowTiles = Math.ceil(numRows / TILE);
  const numColumnTiles = Math.ceil(cout / TILE);
  const wanted = Math.ceil(WANTED_WORKGROUPS / (numRowTiles * numColumnTiles));
  const pixelsPerSplit = Math.max(MIN_PIXELS_PER_SPLIT, Math.ceil(numPixels / wanted));
  return { numRowTiles, numColumnTiles, pixelsPerSplit, numSplits: Math.ceil(numPixels / pixelsPerSplit) };
}

export function conv2dGradFilter(
  ctx: WebgpuContext,
  { x, dy }: { x: TensorInfo; dy: TensorInfo },
  { stride, padding, circular, filterShape }: Conv2dAttrs & { filterShape: number[] },
): TensorInfo {
  const [numImages, height, width, cin] = x.shape as Shape4;
  const [, outHeight, outWidth, cout] = dy.shape as Shape4;
  const [kernelHeight, kernelWidth] = filterShape as Shape4;
  const [numRows, numPixels] = [kernelHeight * kernelWidth * cin, numImages * outHeight * outWidth];
  const split = splitOf(numRows, cout, numPixels);
  const { top, left } = padding;
  const image = { height, width, cin, outHeight, outWidth, cout, kernelWidth, stride, top, left };
  const uniforms = { ...image, circular: Number(circular), numRows, numPixels, ...split };
  const numWorkgroups = split.numRowTiles * split.numColumnTiles * split.numSplits;
  const [shares] = ctx.run(PROGRAM, [x, dy], [[split.numSplits, numRows * cout]], uniforms, numWorkgroups);
  const summed = split.numSplits === 1 ? shares! : sumRows(ctx, { x: shares! });
  if (summed !== shares) ctx.dispose(shares!);
  return { ...summed, shape: filterShape };
}
