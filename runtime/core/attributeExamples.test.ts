import { describe, expect, it } from 'vitest';
import { formatExamples, parseExamples } from './attributeExamples.ts';
import type { Vocabulary } from './attributes.ts';

const VOCABULARY: Vocabulary = {
  beard: ['none', 'full'],
  gender: ['female', 'male'],
  hair: ['black', 'red', 'blue'],
  wear: { min: 0, max: 2 },
};
const [ELF, ORC] = [0, 1];

/** A beardless elf, a bearded one and an orc, with how worn each is. */
const EXAMPLES = {
  labels: Uint8Array.of(ELF, ELF, ORC),
  values: Float32Array.from(
    [
      [0, 0, 1, 0.2],
      [1, 1, 0, 0.6],
      [1, 1, 2, 1],
    ].flat(),
  ),
};

describe('examples as text', () => {
  it('come back, numbers to a 255th of their range', () => {
    const { labels, values } = parseExamples(formatExamples(EXAMPLES, 2, VOCABULARY)!, 2, VOCABULARY);
    expect(labels).toEqual(EXAMPLES.labels);
    for (const [i, value] of values.entries())
      expect(Math.abs(value - EXAMPLES.values[i]!)).toBeLessThan(0.5 / 255 + 1e-6);
  });

  it('are nothing where there are none, or more labels or words than a byte counts', () => {
    expect(formatExamples({ labels: new Uint8Array(), values: new Float32Array() }, 2, VOCABULARY)).toBeUndefined();
    expect(formatExamples(EXAMPLES, 257, VOCABULARY)).toBeUndefined();
    const words = Array.from({ length: 257 }, (_, i) => `${i}`);
    expect(formatExamples(EXAMPLES, 2, { ...VOCABULARY, hair: words })).toBeUndefined();
  });

  it('are nothing where nothing would read them again', () => {
    const count = 150_000; // of 5 bytes, and 4 characters for 3 of them
    const many = (length: number) => ({ labels: new Uint8Array(length), values: new Float32Array(4 * length) });
    expect(parseExamples(formatExamples(many(count), 2, VOCABULARY)!, 2, VOCABULARY).labels).toHaveLength(count);
    expect(formatExamples(many(count + 1), 2, VOCABULARY)).toBeUndefined();
  });

  it.each([
    ['no base64', '!', /expected base64 of 5 bytes an example/],
    ['nothing', '', /expected base64 of 5 bytes/],
    ['half an example', btoa('\0\0\0'), /expected base64 of 5 bytes/],
    ['a label too many', btoa('\u0002\0\0\0\0'), /example 0 has a label or a word that the model lacks/],
    ['a word too many', btoa('\0\0\0\0\0\0\0\0\u0003\0'), /example 1 has a label or a word that the model lacks/],
  ])('are refused with %s', (_, text, problem) => {
    expect(() => parseExamples(text, 2, VOCABULARY)).toThrow(problem);
  });
});
