import { expect, it } from 'vitest';
import { definedOf } from './definedOf.ts';

it('leaves out what is undefined, and nothing else', () => {
  const options = { factor: undefined, tolerance: 0, palette: null, name: '' };
  expect(Object.entries(definedOf(options))).toEqual([
    ['tolerance', 0],
    ['palette', null],
    ['name', ''],
  ]);
});
