import { expect, it } from 'vitest';
import { indexOfLabel } from './label.ts';

it('finds a label', () => {
  expect(indexOfLabel(['elf', 'goblin', 'orc'], 'orc')).toBe(2);
});

it('names the nearest one, and all', () => {
  expect(() => indexOfLabel(['elf', 'goblin', 'orc'], 'orcc')).toThrow(
    new RangeError('generate: label "orcc" is unknown; did you mean "orc"? known labels: elf, goblin, orc'),
  );
  expect(() => indexOfLabel([], 'orc')).toThrow(/this model has no labels/);
});
