import { expect, it } from 'vitest';
import { ModelFileError } from '../core/errors.ts';
import { checkWeights, numElements, type WeightTensor } from './weightTensor.ts';

function weights(shapes: Record<string, number[]>): Map<string, WeightTensor> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: new Float32Array(numElements(shape)) }]),
  );
}

const EXPECTED = new Map([
  ['a', [2, 3]],
  ['b', [4]],
]);

function problemOf(tensors: Map<string, WeightTensor>, expected = EXPECTED): string {
  try {
    checkWeights(tensors, expected, 'unet.safetensors');
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFileError);
    return (error as Error).message;
  }
  return '';
}

it('accepts the same names and shapes in any order', () => {
  expect(problemOf(weights({ b: [4], a: [2, 3] }))).toBe('');
});

it('lists every kind of difference in one error', () => {
  expect(problemOf(weights({ a: [3, 2], x: [1], y: [1] }))).toBe(
    'checkWeights: unet.safetensors: 1 tensor is missing ("b"); 2 tensors are unknown ("x", "y"); ' +
      '1 tensor is wrongly shaped ("a" is [3,2], expected [2,3]); use the weights that belong to this config.json',
  );
});

it.each([[[2, 3, 1]], [[2]], [[6]], [[]]])('refuses shape %j for [2, 3]', (shape) => {
  expect(problemOf(weights({ a: shape, b: [4] }))).toMatch(/1 tensor is wrongly shaped \("a"/);
});

it('refuses integers', () => {
  const tensors = weights({ a: [2, 3] }).set('b', { shape: [4], data: new Int32Array(4) });
  expect(problemOf(tensors)).toMatch('1 tensor is of integers, expected floats ("b")');
});

it('names the first few and counts the rest', () => {
  const shapes = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`t${i}`, [1]]));
  expect(problemOf(weights(shapes), new Map())).toContain('50 tensors are unknown ("t0", "t1", "t2", …)');
});
