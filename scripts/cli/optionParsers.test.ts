import { Command } from 'commander';
import { expect, it } from 'vitest';
import { extraDataOption, factorList, nameList, oneOf } from './optionParsers.ts';

it('takes one of a few numbers and no other', () => {
  const parse = oneOf([1, 2, 4, 8]);
  expect(['1', ' 2 ', '8'].map(parse)).toEqual([1, 2, 8]);
  for (const text of ['3', '0x2', '', '2.0']) expect(() => parse(text)).toThrow('expected 1, 2, 4, 8.');
});

it('takes factors of names, and nothing else', () => {
  const parse = factorList(80);
  expect(parse('eyes=2')).toEqual({ eyes: 2 });
  expect(parse(' extras = 8, label=0.5,horns=0')).toEqual({ extras: 8, label: 0.5, horns: 0 });
  for (const text of ['', 'eyes', 'eyes=', '=2', 'eyes=-1', 'eyes=81', 'eyes=x', 'eyes=1=2', 'eyes=1,', 'eyes=1,2']) {
    expect(() => parse(text), text).toThrow('expected names with numbers from 0 to 80, such as eyes=2,hair=0.5.');
  }
});

it('takes names as data sets have them, however their accents were typed', () => {
  expect(nameList('fe\u0301e, troll')).toEqual(['f\u00e9e', 'troll']);
  expect(() => nameList('elf,,troll')).toThrow('expected names separated by commas.');
});

it('takes every data set that is named, not the last alone', () => {
  const read = (...words: string[]) =>
    new Command().addOption(extraDataOption('more')).parse(words, { from: 'user' }).opts<{ extraData?: string[] }>();
  expect(read('--extra-data', 'more', '--extra-data', 'aged').extraData).toEqual(['more', 'aged']);
  expect(read()).toEqual({});
});
