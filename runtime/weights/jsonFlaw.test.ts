import { expect, it } from 'vitest';
import { findJsonFlaw } from './jsonFlaw.ts';

it.each([
  ['{"a":1,"b":{"a":2},"c":["a","a"]}'],
  ['[{"a":1},{"a":1}]'],
  ['{"a":"\\"a\\":","b":"\\\\"}'],
  ['{"a":"a","b":"a"}'],
  [''],
  ['"unterminated'],
  ['{"a\\'],
  ['}}]]{'],
])('finds nothing in %s', (json) => {
  expect(findJsonFlaw(json, 3)).toBeUndefined();
});

it.each([['{"a":1,"a":2}'], ['{"x":{"a":1,"b":[],"a" \n:2}}'], ['{"a":1,"\\u0061":2}'], ['{"a\\"":1,"a\\"":2}']])(
  'finds the repeated name in %s',
  (json) => {
    expect(findJsonFlaw(json, 3)).toMatch(/twice/);
  },
);

it('finds what is nested too deeply, and stops there', () => {
  expect(findJsonFlaw('[[[[1]]]]', 4)).toBeUndefined();
  expect(findJsonFlaw('[[[[1]]]]', 3)).toBe('is nested deeper than 3 levels');
  expect(findJsonFlaw('['.repeat(5_000_000), 3)).toMatch(/deeper/);
});
