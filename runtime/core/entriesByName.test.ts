import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { entriesByName } from './entriesByName.ts';

const COUNTS = v.object({
  counts: entriesByName(v.array(v.number('expected a number')), 'expected counts by name', v.string()),
});
const SHORT = entriesByName(
  v.number('expected a number'),
  'expected numbers by name',
  v.pipe(v.string(), v.maxLength(3)),
);

const problems = (schema: v.GenericSchema, value: unknown) =>
  v.safeParse(schema, value).issues?.map((issue) => [v.getDotPath(issue), issue.message]);

describe('entriesByName', () => {
  it('keeps names that objects have, and the order', () => {
    const given = JSON.parse('{"b":[1],"constructor":[2],"prototype":[3],"__proto__":[4],"a":[]}');
    const { counts } = v.parse(COUNTS, { counts: given });
    expect(Object.entries(counts)).toEqual(Object.entries(given));
  });

  it('checks the entries of all names, and says where they are', () => {
    const given = JSON.parse('{"a":[1],"constructor":["x"],"__proto__":[1,"x"]}');
    expect(problems(COUNTS, { counts: given })).toEqual([
      ['counts.constructor.0', 'expected a number'],
      ['counts.__proto__.1', 'expected a number'],
    ]);
  });

  it('checks the names', () => {
    expect(problems(SHORT, { abc: 1, abcd: 'x' })).toEqual([
      ['abcd', expect.stringContaining('Invalid length')],
      ['abcd', 'expected a number'],
    ]);
  });

  it.each([[null], ['text'], [[1]], [undefined]])('refuses %j', (value) => {
    expect(problems(SHORT, value)).toEqual([[null, 'expected numbers by name']]);
  });
});
