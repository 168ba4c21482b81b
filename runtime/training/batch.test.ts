import { describe, expect, it } from 'vitest';
import { type Batch, batchArray, batchLength, splitBatch } from './batch.ts';

const BATCH: Batch = {
  x: { shape: [5, 2], data: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) },
  t: { shape: [5], data: Int32Array.from([10, 11, 12, 13, 14]) },
};

describe('splitBatch', () => {
  it('cuts all inputs at the same images, the last piece smaller', () => {
    const pieces = splitBatch(BATCH, 2);
    expect(pieces.map(batchLength)).toEqual([2, 2, 1]);
    expect(pieces[1]!.x).toEqual({ shape: [2, 2], data: Float32Array.from([4, 5, 6, 7]) });
    expect(pieces[2]!.t).toEqual({ shape: [1], data: Int32Array.from([14]) });
  });

  it('keeps a batch that is small enough whole', () => {
    expect(splitBatch(BATCH, 8)).toEqual([BATCH]);
  });
});

describe('batchArray', () => {
  it('names what is missing and what there is', () => {
    expect(() => batchArray(BATCH, 'eps')).toThrow(/no eps, only x, t/);
  });
});
