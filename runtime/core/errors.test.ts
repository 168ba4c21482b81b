import { expect, it } from 'vitest';
import { messageOf } from './errors.ts';

it.each([
  [new RangeError('generate: no'), 'generate: no'],
  [new Error(''), 'Error'],
  ['gone', 'gone'],
  [undefined, 'undefined'],
])('messageOf %o', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});
