import { expect, it } from 'vitest';
import { ownValue } from './ownValue.ts';

it('gives what an object holds itself, and nothing that it inherits', () => {
  expect(ownValue({ wear: 0.5 }, 'wear')).toBe(0.5);
  for (const name of ['constructor', 'toString', '__proto__']) expect(ownValue({ wear: 0.5 }, name)).toBeUndefined();
});
