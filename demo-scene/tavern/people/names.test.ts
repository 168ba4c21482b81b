import { describe, expect, it } from 'vitest';
import { nameOf } from './names.ts';

describe('nameOf', () => {
  it('gives the same name for the same recipe, and another for another seed or label', () => {
    expect(nameOf('elf', 7)).toBe(nameOf('elf', 7));
    expect(nameOf('elf', 8)).not.toBe(nameOf('elf', 7));
    expect(nameOf('orc', 7)).not.toBe(nameOf('elf', 7));
  });

  it('gives many names, each of two capitalised words', () => {
    const names = Array.from({ length: 1000 }, (_, seed) => nameOf('troll', seed));
    expect(new Set(names).size).toBeGreaterThan(950);
    for (const name of names) expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  });

  it('takes the largest seed', () => {
    expect(nameOf('elf', 2 ** 32 - 1)).toMatch(/^[A-Z]/);
  });
});
