import { ModelFileError, quote, shortened } from '../core/errors.ts';

/** Values and their sizes, row-major, with no backend behind them. */
export interface WeightTensor {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** The number of values in a shape; 1 for a scalar. */
export function numElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The place of the first value that is NaN or infinite; −1 where all are finite. */
export function findNonFinite(data: Float32Array): number {
  const patterns = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < patterns.length; i++) {
    if ((patterns[i]! & 0x7f800000) === 0x7f800000) return i;
  }
  return -1;
}

const MAX_LISTED = 3;

/**
 * Compares a file's tensors with those that a network has.
 * @param expected name → shape, in PyTorch's layout, which is the file's
 * @throws ModelFileError that lists every kind of difference: missing, unknown, wrongly shaped, not float
 */
export function checkWeights(
  tensors: ReadonlyMap<string, WeightTensor>,
  expected: ReadonlyMap<string, readonly number[]>,
  fileName: string,
): void {
  const missing = [...expected.keys()].filter((name) => !tensors.has(name));
  const unknown = [...tensors.keys()].filter((name) => !expected.has(name));
  const shared = [...tensors].filter(([name]) => expected.has(name));
  const misshapen = shared.filter(([name, { shape }]) => !isSameShape(shape, expected.get(name)!));
  const integers = shared.filter(([, { data }]) => data instanceof Int32Array);
  const problems = [
    list('missing', missing.map(quote)),
    list('unknown', unknown.map(quote)),
    list(
      'wrongly shaped',
      misshapen.map(([name, { shape }]) => compareShapes(name, shape, expected.get(name)!)),
    ),
    list(
      'of integers, expected floats',
      integers.map(([name]) => quote(name)),
    ),
  ].filter((problem) => problem !== undefined);
  if (problems.length === 0) return;
  const remedy = 'use the weights that belong to this config.json';
  throw new ModelFileError('checkWeights', fileName, `${shortened(problems.join('; '), 330)}; ${remedy}`);
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function compareShapes(name: string, shape: readonly number[], expected: readonly number[]): string {
  return `${quote(name)} is ${quote(shape)}, expected ${quote(expected)}`;
}

function list(kind: string, items: string[]): string | undefined {
  if (items.length === 0) return undefined;
  const more = items.length > MAX_LISTED ? ', …' : '';
  const subject = items.length === 1 ? '1 tensor is' : `${items.length} tensors are`;
  return `${subject} ${kind} (${items.slice(0, MAX_LISTED).join(', ')}${more})`;
}
