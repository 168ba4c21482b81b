import { describe, expect, it } from 'vitest';
import { labelFor } from './sitter.ts';

describe('labelFor', () => {
  it('is the label itself where the model knows it', () => {
    expect(labelFor(['orc', 'elf'], 'elf')).toBe('elf');
  });

  it('is always the same one of the labels elsewhere', () => {
    const labels = ['cat', 'dog', 'fox'];
    expect(labels).toContain(labelFor(labels, 'elf'));
    expect(labelFor(labels, 'elf')).toBe(labelFor(labels, 'elf'));
    expect(
      new Set(['elf', 'orc', 'troll', 'goblin', 'ratfolk'].map((label) => labelFor(labels, label))).size,
    ).toBeGreaterThan(1);
  });
});
