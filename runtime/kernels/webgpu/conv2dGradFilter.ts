// The gradient of a convolution by its filter, as the matrix product of the image's patches (taps · Cin, pixels) with
// dy (pixels, Cout). The patches are gathered on the way into shared memory, borders included, and the pixels are
// split over several workgroups whose results are added up in a fixed order. tfjs's kernel loops over all pixels in
// one thread a filter weight.
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Conv2dAttrs } from '../conv2d.ts';
import { type Lanes, lanesFor, type Program, type WebgpuContext } from './context.ts';

type Shape4 = [number, number, number, number];

/** A workgroup of 8 × 8 threads computes 32 × 32 weights, 16 pixels at a time; a thread 4 × 4 of them. */
const TILE = 32;
const TILE_PIXELS = 16;
/** Enough workgroups to fill a large GPU, none with fewer pixels than are worth its start. */
const WANTED_WORKGROUPS = 512;
const MIN_PIXELS_PER_SPLIT = 128;

const STORE_SCALARS = `
  for (var i = 0; i < 4; i++) { if (column + i < uniforms.cout) { shares[at + i] = sums[j][i]; } }
`;

const UNIFORM_NAMES = [
  ...['height', 'width', 'cin', 'outHeight', 'outWidth', 'cout', 'kernelWidth', 'stride', 'top', 'left', 'circular'],
  ...['numRows', 'numPixels', 'pixelsPerSplit', 'numRowTiles', 'numColumnTiles', 'numSplits'],
];

/** Reads four neighbouring values, which start at the Value `at`: four elements, or one vector. */
function quad(lanes: Lanes, element: (offset: number) => string): string {
  return lanes === 4 ? element(0) : `vec4<f32>(${[0, 1, 2, 3].map(element).join(', ')})`;
}

/** Channels, rows and columns count Values. What lies beyond the matrices is read from anywhere and never written. */
const program = (lanes: Lanes): Program => ({
  key: `conv2d filter gradient ${lanes}`,
  lanes,
  inputs: { x: 'Value', dy: 'Value' },
  outputs: { shares: 'Value' },
  uniforms: Object.fromEntries(UNIFORM_NAMES.map((name) => [name, 'i32' as const])),
  workgroupSize: 64,
  code: `
    const QUAD = ${4 / lanes};
    var<workgroup> patches: array<vec4<f32>, ${(TILE_PIXELS * TILE) / 4}>;
    var<workgroup> gradients: array<vec4<f32>, ${(TILE_PIXELS * TILE) / 4}>;

    // Where a row of the filter matrix lies in a patch: y, x, channel.
    fn tapOf(row: i32) -> vec3<i32> {
      let tap = row / uniforms.cin;
      let y = tap / uniforms.kernelWidth - uniforms.top;
      return vec3<i32>(y, tap % uniforms.kernelWidth - uniforms.left, row % uniforms.cin);
    }

    fn wrap(at: vec2<i32>) -> vec2<i32> {
      let size = vec2<i32>(uniforms.height, uniforms.width);
      return select(at, ((at % size) + size) % size, uniforms.circular == 1);
    }

    fn patchAt(tap: vec3<i32>, corner: vec2<i32>, image: i32) -> Value {
      let at = wrap(corner + tap.xy);
      let inside = at.x >= 0 && at.x < uniforms.height && at.y >= 0 && at.y < uniforms.width;
      if (!inside) { return Value(0.0); }
      return x[((image * uniforms.height + at.x) * uniforms.width + at.y) * uniforms.cin + tap.z];
    }

    fn main(group: i32, local: i32) {
      if (group >= uniforms.numRowTiles * uniforms.numColumnTiles * uniforms.numSplits) { return; }
      let quad = local % 8;
      let line = local / 8;
      let firstRow = (group % uniforms.numRowTiles) * 8 * QUAD;
      let column = (((group / uniforms.numRowTiles) % uniforms.numColumnTiles) * 8 + quad) * QUAD;
      let split = group / (uniforms.numRowTiles * uniforms.numColumnTiles);
      let begin = split * uniforms.pixelsPerSplit;
      let end = min(uniforms.numPixels, begin + uniforms.pixelsPerSplit);
      var taps: array<vec3<i32>, QUAD>;
      for (var j = 0; j < QUAD; j++) { taps[j] = tapOf(firstRow + quad * QUAD + j); }
      var sums: array<vec4<f32>, 4>;
      for (var first = begin; first < end; first += ${TILE_PIXELS}) {
        workgroupBarrier();
        for (var p = line; p < ${TILE_PIXELS}; p += 8) {
          let pixel = first + p;
          let image = pixel / (uniforms.outWidth * uniforms.outHeight);
          let outY = (pixel / uniforms.outWidth) % uniforms.outHeight;
          let corner = vec2<i32>(outY, pixel % uniforms.outWidth) * uniforms.stride;
          let at = pixel * uniforms.cout + column;
          var patch4 = vec4<f32>(0.0);
          var gradient4 = vec4<f32>(0.0);
          if (pixel < end) {
            patch4 = ${quad(lanes, (i) => `patchAt(taps[${i}], corner, image)`)};
            gradient4 = ${quad(lanes, (i) => `dy[at + ${i}]`)};
          }
          patches[p * 8 + quad] = patch4;
          gradients[p * 8 + quad] = gradient4;
        }
        workgroupBarrier();
        for (var p = 0; p < min(${TILE_PIXELS}, end - first); p++) {
          let rows = patches[p * 8 + line];
          let columns = gradients[p * 8 + quad];
          for (var j = 0; j < 4; j++) { sums[j] += rows[j] * columns; }
        }
      }
      for (var j = 0; j < 4; j++) {
        let row = firstRow * ${lanes} + line * 4 + j;
        if (row >= uniforms.numRows) { continue; }
        let at = (split * uniforms.numRows + row) * uniforms.cout + column;
        ${lanes === 4 ? 'if (column < uniforms.cout) { shares[at] = sums[j]; }' : STORE_SCALARS}
      }
    }
  `,
});

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

const SUM_COLUMNS = 32;
const ROWS_AT_ONCE = 8;
const ROWS_PER_CHUNK = 256;

/** A workgroup sums a chunk of rows over 32 columns: 8 threads a column, then one adds up their 8 sums. */
const SUM_PROGRAM: Program = {
  key: 'sum rows',
  lanes: 1,
  inputs: { x: 'f32' },
  outputs: { sums: 'f32' },
  uniforms: { numRows: 'i32', numColumns: 'i32', numChunks: 'i32', rowsPerChunk: 'i32' },
  workgroupSize: SUM_COLUMNS * ROWS_AT_ONCE,
  code: `
    var<workgroup> shares: array<f32, WORKGROUP_SIZE>;

    fn main(group: i32, local: i32) {
      let chunk = group % uniforms.numChunks;
      let column = (group / uniforms.numChunks) * ${SUM_COLUMNS} + local % ${SUM_COLUMNS};
      let end = select(0, min(uniforms.numRows, (chunk + 1) * uniforms.rowsPerChunk), column < uniforms.numColumns);
      var sum = 0.0;
      for (var row = chunk * uniforms.rowsPerChunk + local / ${SUM_COLUMNS}; row < end; row += ${ROWS_AT_ONCE}) {
        sum += x[row * uniforms.numColumns + column];
      }
      shares[local] = sum;
      workgroupBarrier();
      if (local >= ${SUM_COLUMNS} || column >= uniforms.numColumns) { return; }
      for (var i = 1; i < ${ROWS_AT_ONCE}; i++) { sum += shares[local + i * ${SUM_COLUMNS}]; }
      sums[chunk * uniforms.numColumns + column] = sum;
    }
  `,
};

/** One row of sums for each chunk of rows. */
function sumChunks(ctx: WebgpuContext, x: TensorInfo, numRows: number, numColumns: number, numChunks: number) {
  const uniforms = { numRows, numColumns, numChunks, rowsPerChunk: Math.ceil(numRows / numChunks) };
  const shape = numChunks === 1 ? [numColumns] : [numChunks, numColumns];
  return ctx.run(SUM_PROGRAM, [x], [shape], uniforms, Math.ceil(numColumns / SUM_COLUMNS) * numChunks)[0]!;
}

/** (…, C) → (C), in a fixed order: first chunks of rows side by side, then the chunks' sums. */
function sumRows(ctx: WebgpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const numColumns = x.shape[x.shape.length - 1]!;
  const numRows = util.sizeFromShape(x.shape) / numColumns;
  const numChunks = Math.min(ROWS_PER_CHUNK, Math.ceil(numRows / ROWS_PER_CHUNK));
  if (numChunks === 1) return sumChunks(ctx, x, numRows, numColumns, 1);
  const chunks = sumChunks(ctx, x, numRows, numColumns, numChunks);
  const sums = sumChunks(ctx, chunks, numChunks, numColumns, 1);
  ctx.dispose(chunks);
  return sums;
}

function conv2dGradFilter(
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
  const lanes = lanesFor(cin, cout);
  const channels = { cin: cin / lanes, cout: cout / lanes };
  const image = { height, width, outHeight, outWidth, ...channels, kernelWidth, stride, top, left };
  const uniforms = { ...image, circular: Number(circular), numRows, numPixels, ...split };
  const numWorkgroups = split.numRowTiles * split.numColumnTiles * split.numSplits;
  const [shares] = ctx.run(program(lanes), [x, dy], [[split.numSplits, numRows * cout]], uniforms, numWorkgroups);
  const summed = split.numSplits === 1 ? shares! : sumRows(ctx, { x: shares! });
  if (summed !== shares) ctx.dispose(shares!);
  return { ...summed, shape: filterShape };
}

export const webgpuConv2dGradFilter = { conv2dGradFilter, sumRows };
