import { expect, it } from 'vitest';
import { datasetWarnings } from './datasetWarnings.ts';

const warningsOf = (...classLabels: number[]) => {
  const labels = ['gem', 'old_sword', 'c', 'd', 'e', 'f', 'g'].slice(0, 1 + Math.max(...classLabels));
  return datasetWarnings({ labels, classLabels: Int32Array.from(classLabels) });
};

it('warns of one picture, of one label, and of labels with one picture, and else says nothing', () => {
  expect(warningsOf(0)).toEqual([expect.stringMatching(/^With one picture .* by heart/)]);
  expect(warningsOf(0, 0)).toEqual([expect.stringMatching(/^With one label .* be of “gem”, and guidance/)]);
  expect(warningsOf(0, 0, 1)).toEqual([expect.stringMatching(/^Of “old sword” there is one picture only/)]);
  expect(warningsOf(0, 1, 2, 3, 4, 5)).toEqual([expect.stringMatching(/^Of 6 labels there is one picture only/)]);
  expect(warningsOf(0, 0, 1, 1)).toEqual([]);
});
