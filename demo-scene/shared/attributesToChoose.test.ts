import { expect, it } from 'vitest';
import { attributesToChoose } from './attributesToChoose.ts';

const WALLS = {
  labels: ['brick', 'marble'],
  attributes: { pattern: ['running', 'veined'], wear: { min: 0, max: 1 } },
  examples: { labels: Uint8Array.of(0, 1), values: Float32Array.of(0, 0, 1, 0) },
};

it('offers the words of a label, and the one that was chosen for another', () => {
  const { attributes } = WALLS;
  expect(attributesToChoose(WALLS, { label: 'brick' })).toEqual({ ...attributes, pattern: ['running'] });
  const foreign = { label: 'brick', attributes: { pattern: 'veined', wear: 1 } };
  expect(attributesToChoose(WALLS, foreign)).toEqual(attributes);
});
