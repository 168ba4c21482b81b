import { expect, it } from 'vitest';
import { nearestWord, nearWord } from './nearestWord.ts';

it.each([
  ['orcc', 'orc'],
  ['dward', 'dwarf'],
  ['lf', 'elf'],
  ['', 'orc'],
  ['elf', 'elf'],
])('%s is nearest to %s', (word, nearest) => {
  expect(nearestWord(['dwarf', 'orc', 'elf', 'goblin'], word)).toBe(nearest);
});

it.each([
  ['human', 'human_female'],
  ['humam', 'demon'],
  ['hu', 'orc'],
])('takes a word that goes on from %s: %s', (word, nearest) => {
  expect(nearestWord(['demon', 'orc', 'human_female', 'human_male'], word)).toBe(nearest);
});

it('has nothing to offer without words', () => {
  expect(nearestWord([], 'elf')).toBeUndefined();
});

it.each([
  ['portrait', 'portraits'],
  ['portraists', 'portraits'],
  ['itmes', 'items'],
  ['item', 'items'],
  ['dragons', undefined],
  ['', undefined],
  ['x'.repeat(5000), undefined],
])('of a model called %s it guesses %s', (word, near) => {
  expect(nearWord(['items', 'portraits'], word)).toBe(near);
});

it('takes a moment whatever it is given', () => {
  const before = process.cpuUsage();
  const words = Array.from({ length: 100_000 }, (_, i) => `${i}`.repeat(40));
  expect(nearestWord([...words], 'x'.repeat(3e7))).toBeDefined();
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000); // ms of computing, however busy the machine is
});
