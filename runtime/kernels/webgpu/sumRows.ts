import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { WebgpuContext } from './context.ts';
import type { Program } from './program.ts';

const COLUMNS = 32;
const ROWS_AT_ONCE = 8;
const ROWS_PER_CHUNK = 256;

/** A workgroup sums a chunk of rows over 32 columns: 8 threads a column, then one adds up their 8 sums. */
const PROGRAM: Program = {
  key: 'sum rows',
  lanes: 1,
  inputs: { x: 'f32' },
  outputs: { sums: 'f32' },
  uniforms: { numRows: 'i32', numColumns: 'i32', numChunks: 'i32', rowsPerChunk: 'i32' },
  workgroupSize: COLUMNS * ROWS_AT_ONCE,
  code: `
    var<workgroup> shares: array<f32, WORKGROUP_SIZE>;

    fn main(group: i32, local: i32) {
      let chunk = group % uniforms.numChunks;
      let column = (group / uniforms.numChunks) * ${COLUMNS} + local % ${COLUMNS};
      let end = select(0, min(uniforms.numRows, (chunk + 1) * uniforms.rowsPerChunk), column < uniforms.numColumns);
      var sum = 0.0;
      for (var row = chunk * uniforms.rowsPerChunk + local / ${COLUMNS}; row < end; row += ${ROWS_AT_ONCE}) {
        sum += x[row * uniforms.numColumns + column];
      }
      shares[local] = sum;
      workgroupBarrier();
      if (local >= ${COLUMNS} || column >= uniforms.numColumns) { return; }
      for (var i = 1; i < ${ROWS_AT_ONCE}; i++) { sum += shares[local + i * ${COLUMNS}]; }
      sums[chunk * uniforms.numColumns + column] = sum;
    }
  `,
};

/** One row of sums for each chunk of rows. */
function sumChunks(ctx: WebgpuContext, x: TensorInfo, numRows: number, numColumns: number, numChunks: number) {
  const uniforms = { numRows, numColumns, numChunks, rowsPerChunk: Math.ceil(numRows / numChunks) };
  const shape = numChunks === 1 ? [numColumns] : [numChunks, numColumns];
  return ctx.run(PROGRAM, [x], [shape], uniforms, Math.ceil(numColumns / COLUMNS) * numChunks)[0]!;
}

/** (…, C) → (C), in a fixed order: first chunks of rows side by side, then the chunks' sums. */
export function sumRows(ctx: WebgpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const numColumns = x.shape[x.shape.length - 1]!;
  const numRows = util.sizeFromShape(x.shape) / numColumns;
  const numChunks = Math.min(ROWS_PER_CHUNK, Math.ceil(numRows / ROWS_PER_CHUNK));
  if (numChunks === 1) return sumChunks(ctx, x, numRows, numColumns, 1);
  const chunks = sumChunks(ctx, x, numRows, numColumns, numChunks);
  const sums = sumChunks(ctx, chunks, numChunks, numColumns, 1);
  ctx.dispose(chunks);
  return sums;
}
