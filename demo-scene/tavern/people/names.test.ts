import { describe, expect, it } from 'vitest';
import { nameOf } from './names.ts';

describe('nameOf', () => {
  it('gives the same name for the same recipe, and another for another seed or kind', () => {
    const elf = { label: 'elf', seed: 7 };
    expect(nameOf(elf)).toBe(nameOf({ ...elf }));
    expect(nameOf({ ...elf, seed: 8 })).not.toBe(nameOf(elf));
    expect(nameOf({ ...elf, label: 'orc' })).not.toBe(nameOf(elf));
  });

  it('gives many names, each of two capitalised words', () => {
    const names = Array.from({ length: 1000 }, (_, seed) => nameOf({ label: 'human_elder', seed }));
    expect(new Set(names).size).toBeGreaterThan(950);
    for (const name of names) expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
    expect(nameOf({ label: 'elf', seed: 2 ** 32 - 1 })).toMatch(/^[A-Z]/);
  });

  it('fits the sex, asked for or of the label, and keeps the byname of a person who changes', () => {
    const of = (gender: string, seed: number) => nameOf({ label: 'elf', seed, attributes: { gender } }).split(' ');
    for (let seed = 0; seed < 50; seed++) {
      const [[she, hers], [he, his]] = [of('female', seed), of('male', seed)];
      expect(she).toMatch(/a$/);
      expect(he).not.toMatch(/a$/);
      expect(hers).toBe(his);
      expect(nameOf({ label: 'human_female', seed })).toMatch(/a /);
      expect(nameOf({ label: 'human_male', seed })).not.toMatch(/a /);
    }
  });
});
