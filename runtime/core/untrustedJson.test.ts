import { expect, it } from 'vitest';
import { findJsonFlaw, parseUntrustedJson } from './untrustedJson.ts';

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
    expect(findJsonFlaw(json, 3)).toMatch(/^the name .* is used twice$/);
  },
);

it('finds what is nested too deeply, and stops there', () => {
  expect(findJsonFlaw('[[[[1]]]]', 4)).toBeUndefined();
  expect(findJsonFlaw('[[[[1]]]]', 3)).toBe('expected at most 3 levels of nesting');
  expect(findJsonFlaw('['.repeat(5_000_000), 3)).toMatch(/levels of nesting/);
});

it.each([['{"__proto__":1}'], ['{"a":{"__pro\\u0074o__":1}}']])('finds the reserved name in %s', (json) => {
  expect(findJsonFlaw(json, 3)).toBe('the name "__proto__" is not allowed');
});

/** A text of 1 MB. A search that begins again at each of its quotes takes half an hour. */
function hostile(repeated: string): Uint8Array {
  return new TextEncoder().encode(`{"a":"${repeated.repeat(2 ** 20 / repeated.length)}\\`);
}

it.each<[string, number[] | Uint8Array, string]>([
  ['bytes that are not UTF-8', [0x22, 0xff, 0x22], 'expected UTF-8 text'],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d], 'expected JSON'],
  ['a list', [0x5b, 0x5d], 'expected a JSON object'],
  ['no bytes', [], 'expected JSON'],
  ['a string of quotes that does not end', hostile('\\"'), 'expected JSON'],
  ['lines in such a string', hostile('\\"\\\n'), 'expected JSON'],
])('refuses %s at once', (_, bytes, problem) => {
  const fail = (found: string) => {
    throw new Error(found);
  };
  expect(() => parseUntrustedJson(new Uint8Array(bytes), 3, fail)).toThrow(problem);
});

it('reads what Python writes for a number that is not finite as null, and leaves strings alone', () => {
  const text = '{ "lambda_min_clipped": -Infinity, "steps_offset": 1, "by": "a: NaN, \\\\\\" : NaN}", "all": [NaN] }';
  const value = parseUntrustedJson(new TextEncoder().encode(text), 8, (problem) => {
    throw new Error(problem);
  });
  expect(value).toEqual({ lambda_min_clipped: null, steps_offset: 1, by: 'a: NaN, \\" : NaN}', all: [null] });
});
