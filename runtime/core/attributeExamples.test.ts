import { describe, expect, it } from 'vitest';
import { decideAttributes, parseExamples } from './attributeExamples.ts';
import { ANY, type Vocabulary } from './attributes.ts';
import { formatExamples } from './storedEntries.ts';

const VOCABULARY: Vocabulary = {
  beard: ['none', 'full'],
  gender: ['female', 'male'],
  hair: ['black', 'red', 'blue'],
  wear: { min: 0, max: 2 },
};
const [ELF, ORC, ANY_LABEL] = [0, 1, 2];

/** Label and values of each example: a beard makes a man, and only orcs have blue hair. */
const ROWS = [
  [ELF, 0, 0, 0, 0],
  [ELF, 0, 0, 1, 0.2],
  [ELF, 0, 1, 0, 0.4],
  [ELF, 1, 1, 1, 0.6],
  [ORC, 0, 0, 2, 0.8],
  [ORC, 1, 1, 2, 1],
];
const EXAMPLES = {
  labels: Uint8Array.from(ROWS, ([label]) => label!),
  values: Float32Array.from(ROWS.flatMap(([, ...values]) => values)),
};
const OPEN = [ANY, ANY, ANY, ANY];
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

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

describe('what is open', () => {
  const decide = (label: number, asked: number[], seed: number) =>
    decideAttributes({ examples: EXAMPLES, attributes: VOCABULARY }, label, asked, seed);

  it('is as an example of the label has it, each as often, by the seed alone', () => {
    const drawn = SEEDS.map((seed) =>
      decide(ELF, OPEN, seed)
        .map((value) => value.toFixed(1))
        .join(),
    );
    const expected = ROWS.filter(([label]) => label === ELF).map(([, ...row]) =>
      row.map((value) => value.toFixed(1)).join(),
    );
    expect([...new Set(drawn)].sort()).toEqual(expected.sort());
    for (const row of expected) {
      const count = drawn.filter((other) => other === row).length;
      expect(Math.abs(count - 50)).toBeLessThan(3 * Math.sqrt(200 * 0.25 * 0.75)); // three standard deviations
    }
    expect(decide(ELF, OPEN, 7)).toEqual(decide(ELF, OPEN, 7));
  });

  it('keeps what is asked for, and with it all else that the seed had drawn', () => {
    for (const seed of SEEDS) {
      const drawn = decide(ELF, OPEN, seed);
      const red = decide(ELF, [ANY, ANY, 1, ANY], seed);
      expect(red).toEqual([drawn[0], drawn[1], 1, drawn[3]]);
    }
    expect(decide(ELF, [0, 1, 0, 0.3], 1)).toEqual([0, 1, 0, 0.3]);
  });

  it('never puts together what no example has together', () => {
    for (const seed of SEEDS) {
      const [beard, gender] = decide(ELF, [1, ANY, ANY, ANY], seed);
      expect([beard, gender]).toEqual([1, 1]);
      expect(decide(ELF, [ANY, 0, ANY, ANY], seed)[0]).toBe(0);
    }
  });

  it('follows a word that is asked for before the label and all else together', () => {
    const examples = { labels: Uint8Array.of(ELF, ORC), values: Float32Array.of(0, 0, 1, 1) }; // elves never have a beard
    const attributes = { beard: ['none', 'full'], gender: ['female', 'male'] };
    expect(decideAttributes({ examples, attributes }, ELF, [1, ANY], 7)).toEqual([1, 1]);
  });

  it('keeps all else whatever number is asked for, though no example of the label has both', () => {
    for (const seed of SEEDS) {
      const drawn = decide(ELF, OPEN, seed);
      for (const wear of [0, 0.5, 1])
        expect(decide(ELF, [ANY, ANY, ANY, wear], seed)).toEqual([...drawn.slice(0, 3), wear]);
    }
  });

  it('may be what the label never had, where that is asked for', () => {
    expect(decide(ELF, [ANY, ANY, 2, ANY], 3)[2]).toBe(2);
  });

  it('stays open where no example has the label', () => {
    expect(decide(ANY_LABEL, [ANY, 1, ANY, ANY], 3)).toEqual([ANY, 1, ANY, ANY]);
  });
});
