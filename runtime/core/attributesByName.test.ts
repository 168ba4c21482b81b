import * as v from 'valibot';
import { expect, it } from 'vitest';
import { MAX_ATTRIBUTES } from './attributes.ts';
import { attributesByName } from './attributesByName.ts';

it('looks at none of too many, and says so', () => {
  const value = v.custom<number>(() => {
    throw new Error('looked at');
  });
  const bounded = attributesByName(value, 'expected numbers by name');
  const many = Object.fromEntries(Array.from({ length: MAX_ATTRIBUTES + 1 }, (_, i) => [`a${i}`, i]));
  const { issues } = v.safeParse(bounded, many, { abortPipeEarly: true });
  expect(issues?.map(({ message }) => message)).toEqual([`expected at most ${MAX_ATTRIBUTES} attributes`]);
});
