import { expect, it } from 'vitest';
import { oneOf } from './optionParsers.ts';

it('takes one of a few numbers and no other', () => {
  const parse = oneOf([1, 2, 4, 8]);
  expect(['1', ' 2 ', '8'].map(parse)).toEqual([1, 2, 8]);
  for (const text of ['3', '0x2', '', '2.0']) expect(() => parse(text)).toThrow('expected 1, 2, 4, 8.');
});
