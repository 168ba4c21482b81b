import { expect, it } from 'vitest';
import { labelFileName } from './labelFileName.ts';

it.each(['elf', 'high elf', 'zwölf', 'a.b', 'dark-elf'])('%j names a file', (label) => {
  expect(labelFileName(label, 7)).toBe(`${label}-7`);
});

it.each(['../elf', '..', '.hidden', 'a/b', 'a\\b', 'c:d', 'a\0b', 'a\nb', '', 'x'.repeat(101)])(
  '%j does not',
  (label) => {
    expect(() => labelFileName(label, 7)).toThrow(/cannot name a file.*--label/);
  },
);
