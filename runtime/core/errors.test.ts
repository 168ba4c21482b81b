import { expect, it } from 'vitest';
import { ModelFileError, messageOf, quote } from './errors.ts';

it.each([
  [new RangeError('generate: no'), 'generate: no'],
  [new Error(''), 'Error'],
  ['gone', 'gone'],
  [undefined, 'undefined'],
])('messageOf %o', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

it('a model file that is wrong says what is wrong with it, however long its name', () => {
  const { message, fileName } = new ModelFileError('load', 'x'.repeat(1000), 'there is no such file');
  expect(message).toBe(`load: ${'x'.repeat(249)}…: there is no such file`);
  expect(fileName).toHaveLength(1000);
});

it.each([
  ['red', '"red"'],
  ['a\n"b"', '"a\\n\\"b\\""'],
  ['x'.repeat(1e6), `"${'x'.repeat(79)}…`],
  [[1, 'a'], '[1,"a"]'],
  [Number.NaN, 'NaN'],
  [-Infinity, '-Infinity'],
  [7n, '7'],
  [undefined, 'undefined'],
  [null, 'null'],
])('quotes %o', (value, quoted) => {
  expect(quote(value)).toBe(quoted);
});

it('quotes an object that holds itself', () => {
  const circle: { self?: object } = {};
  circle.self = circle;
  expect(quote(circle)).toBe('an object');
});
