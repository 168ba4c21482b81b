import { describe, expect, it } from 'vitest';
import { fromTorch, nchwToNhwc, nhwcToNchw, toTorch } from './tensorLayout.ts';
import { numElements } from './weightTensor.ts';

/** The index of a position in a row-major tensor. */
function indexOf(shape: number[], position: number[]): number {
  return position.reduce((index, coordinate, axis) => index * shape[axis]! + coordinate, 0);
}

function positionsIn(shape: number[]): number[][] {
  return shape.reduce<number[][]>(
    (positions, size) => positions.flatMap((position) => Array.from({ length: size }, (_, i) => [...position, i])),
    [[]],
  );
}

/** A tensor whose values tell their own index. */
function counting(shape: number[]) {
  return { shape, data: Float32Array.from({ length: numElements(shape) }, (_, i) => i) };
}

/** Checks result[p[axes[0]], p[axes[1]], …] = source[p] at every position p. */
function expectTransposed(result: ReturnType<typeof fromTorch>, shape: number[], axes: number[]): void {
  expect(result.shape).toEqual(axes.map((axis) => shape[axis]));
  for (const position of positionsIn(shape)) {
    const moved = axes.map((axis) => position[axis]!);
    expect(result.data[indexOf(result.shape, moved)]).toBe(indexOf(shape, position));
  }
}

describe('fromTorch', () => {
  it('turns a convolution weight OIHW into HWIO', () => {
    expectTransposed(fromTorch('conv.weight', counting([2, 3, 4, 5])), [2, 3, 4, 5], [2, 3, 1, 0]);
  });

  it('turns a position embedding as it turns activations, and back', () => {
    const embedding = counting([1, 3, 4, 5]);
    const ours = fromTorch('unet.position_embedding', embedding);
    expectTransposed(ours, [1, 3, 4, 5], [0, 2, 3, 1]);
    expect(toTorch('unet.position_embedding', ours)).toEqual(embedding);
  });

  it('turns a linear weight (out, in) into (in, out)', () => {
    const weight = { shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) };
    const expected = { shape: [3, 2], data: new Float32Array([1, 4, 2, 5, 3, 6]) };
    expect(fromTorch('to_q.weight', weight)).toEqual(expected);
  });

  it.each([
    ['class_embedding.weight', [2, 3]],
    ['unet.class_embedding.weight', [2, 3]],
    ['conv.bias', [6]],
    ['scale', []],
  ])('leaves %s as it is', (name, shape) => {
    expect(fromTorch(name, counting(shape))).toEqual(counting(shape));
  });

  it('keeps integers integers and its argument unchanged', () => {
    const weight = { shape: [2, 2], data: new Int32Array([1, 2, 3, 4]) };
    expect(fromTorch('w', weight).data).toEqual(new Int32Array([1, 3, 2, 4]));
    expect(weight).toEqual({ shape: [2, 2], data: new Int32Array([1, 2, 3, 4]) });
  });

  it('refuses other ranks and data that do not fit', () => {
    expect(() => fromTorch('w', counting([1, 2, 3]))).toThrow('fromTorch: "w" has rank 3');
    expect(() => fromTorch('w', counting([1, 1, 1, 1, 1]))).toThrow(RangeError);
    expect(() => fromTorch('w', { shape: [2, 2], data: new Float32Array(3) })).toThrow('does not fit 3 values');
  });
});

describe('toTorch', () => {
  it('turns a convolution weight HWIO into OIHW', () => {
    expectTransposed(toTorch('conv.weight', counting([4, 5, 3, 2])), [4, 5, 3, 2], [3, 2, 0, 1]);
  });

  it.each([
    ['conv.weight', [2, 3, 4, 5]],
    ['linear.weight', [2, 3]],
    ['class_embedding.weight', [2, 3]],
    ['bias', [7]],
  ])('undoes fromTorch for %s', (name, shape) => {
    expect(toTorch(name, fromTorch(name, counting(shape)))).toEqual(counting(shape));
  });
});

describe('activations', () => {
  it('turns NCHW into NHWC', () => {
    expectTransposed(nchwToNhwc(counting([2, 3, 4, 5])), [2, 3, 4, 5], [0, 2, 3, 1]);
  });

  it('turns NHWC into NCHW', () => {
    expectTransposed(nhwcToNchw(counting([2, 4, 5, 3])), [2, 4, 5, 3], [0, 3, 1, 2]);
  });

  it('refuses other ranks and data that do not fit', () => {
    expect(() => nchwToNhwc(counting([2, 3, 4]))).toThrow('nchwToNhwc: expected images of rank 4, found rank 3');
    expect(() => nhwcToNchw({ shape: [1, 1, 1, 2], data: new Float32Array(3) })).toThrow(RangeError);
  });
});
