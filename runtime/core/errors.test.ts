import { expect, it } from 'vitest';
import { ModelFileError, messageOf } from './errors.ts';

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
