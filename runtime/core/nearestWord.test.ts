import { expect, it } from 'vitest';
import { nearestWord } from './nearestWord.ts';

it.each([
  ['orcc', 'orc'],
  ['dward', 'dwarf'],
  ['lf', 'elf'],
  ['', 'orc'],
  ['elf', 'elf'],
])('%s is nearest to %s', (word, nearest) => {
  expect(nearestWord(['dwarf', 'orc', 'elf', 'goblin'], word)).toBe(nearest);
});

it('has nothing to offer without words', () => {
  expect(nearestWord([], 'elf')).toBeUndefined();
});
