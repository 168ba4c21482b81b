import { describe, expect, it } from 'vitest';
import { attributesOfLabel } from './attributesOfLabel.ts';

const ATTRIBUTES = {
  pattern: ['running', 'stacked', 'veined', 'slabs'],
  colour: ['red', 'grey', 'green'],
  wear: { min: 0, max: 1 },
};
const WALLS = {
  labels: ['brick', 'marble', 'sand'],
  attributes: ATTRIBUTES,
  examples: {
    labels: Uint8Array.of(0, 0, 1, 1),
    values: Float32Array.of(0, 0, 0.5, 1, 1, 0, 2, 1, 0, 3, 0, 1),
  },
};

describe('attributesOfLabel', () => {
  it('leaves out the words that are other labels’ own, and keeps all others', () => {
    expect(attributesOfLabel(WALLS, 'brick')).toEqual({ ...ATTRIBUTES, pattern: ['running', 'stacked'] });
    expect(attributesOfLabel(WALLS, 'marble')).toEqual({ ...ATTRIBUTES, pattern: ['veined', 'slabs'] });
  });

  it('keeps all words where many occur with several labels', () => {
    const examples = { ...WALLS.examples, labels: Uint8Array.of(0, 1, 0, 1) };
    const values = Float32Array.of(0, 0, 0, 0, 0, 0, 1, 1, 0, 2, 0, 0);
    expect(attributesOfLabel({ ...WALLS, examples: { ...examples, values } }, 'brick')).toEqual(ATTRIBUTES);
  });

  it('knows nothing of a label without examples, nor of a model without any', () => {
    expect(attributesOfLabel(WALLS, 'sand')).toEqual(ATTRIBUTES);
    expect(attributesOfLabel({ ...WALLS, examples: undefined }, 'brick')).toEqual(ATTRIBUTES);
    expect(attributesOfLabel({ labels: ['brick'] }, 'brick')).toEqual({});
  });

  it('names the nearest label', () => {
    expect(() => attributesOfLabel(WALLS, 'bricks')).toThrow('did you mean "brick"?');
  });
});
