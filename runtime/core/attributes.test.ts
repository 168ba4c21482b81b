import { describe, expect, it } from 'vitest';
import { ANY, attributeProblem, decodeAttributes, encodeAttributes } from './attributes.ts';
import { MAX_MESSAGE_LENGTH } from './errors.ts';

const VOCABULARY = {
  hair: ['black', 'red'],
  wear: { min: -1, max: 3 },
  constructor: ['a', 'b'],
};

describe('encodeAttributes', () => {
  it('gives the place of words and numbers, and ANY for what is absent', () => {
    expect(encodeAttributes('test', VOCABULARY, { constructor: 'b', hair: 'red', wear: 0 })).toEqual([1, 0.25, 1]);
    expect(encodeAttributes('test', VOCABULARY, { wear: 3 })).toEqual([ANY, 1, ANY]);
    expect(encodeAttributes('test', VOCABULARY, {})).toEqual([ANY, ANY, ANY]);
    expect(encodeAttributes('test', VOCABULARY, { hair: 'any', wear: 'any' })).toEqual([ANY, ANY, ANY]);
    expect(encodeAttributes('test', { dice: ['one', 'any'] }, { dice: 'any' })).toEqual([1]);
    expect(encodeAttributes('test', {}, {})).toEqual([]);
  });

  it.each<[Record<string, string | number>, string]>([
    [
      { hiar: 'red' },
      'test: attribute "hiar" is unknown; did you mean "hair"? known attributes: hair, wear, constructor',
    ],
    [
      { toString: 'x' },
      'test: attribute "toString" is unknown; did you mean "hair"? known attributes: hair, wear, constructor',
    ],
    [{ hair: 'redd' }, 'test: hair "redd" is unknown; did you mean "red"? known values: black, red'],
    [{ hair: 1 }, 'test: hair 1 is unknown; did you mean "red"? known values: black, red'],
    [{ wear: 4 }, 'test: wear is 4; expected a number from -1 to 3'],
    [{ wear: Number.NaN }, 'test: wear is NaN; expected a number from -1 to 3'],
    [{ wear: '1' }, 'test: wear is "1"; expected a number from -1 to 3'],
  ])('refuses %j', (attributes, message) => {
    expect(() => encodeAttributes('test', VOCABULARY, attributes)).toThrow(new RangeError(message));
  });
});

it('gives the words and numbers again, without those of any', () => {
  expect(decodeAttributes(VOCABULARY, [1, 0.25, ANY])).toEqual({ hair: 'red', wear: 0 });
  expect(decodeAttributes({}, [])).toEqual({});
  const range = { warmth: { min: -5, max: -1.8 } };
  expect(decodeAttributes(range, [1])).toEqual({ warmth: -1.8 }); // and not −1.7999999999999998, which would be refused
});

it.each([
  [-2, 0.1],
  [-0.2, 0.04],
  [0.1, 0.3],
])('gives numbers that can be asked for again, up to the end of a range from %f to %f', (min, max) => {
  const vocabulary = { wear: { min, max } };
  const ends = [0, 1].map((share) => decodeAttributes(vocabulary, [share]));
  expect(ends).toEqual([{ wear: min }, { wear: max }]);
  expect(ends.map((asked) => encodeAttributes('test', vocabulary, asked))).toEqual([[0], [1]]);
});

describe('attributeProblem', () => {
  it('takes __proto__ for a name like any other', () => {
    const vocabulary = JSON.parse('{"__proto__":["a"]}');
    expect(attributeProblem(vocabulary, '__proto__', 'a')).toBeUndefined();
    expect(attributeProblem(VOCABULARY, '__proto__', 'a')).toMatch(/"__proto__" is unknown/);
  });

  it('says so when there are no attributes', () => {
    expect(attributeProblem({}, 'hair', 'red')).toBe('attribute "hair" is unknown; this model has no attributes');
  });

  it('lists whole words, and how many more there are', () => {
    const words = Array.from({ length: 500 }, (_, i) => `word-${i}`);
    const problem = attributeProblem({ hair: words }, 'hair', 'red')!;
    const [, known, more] = /known values: (.*), … and (\d+) more$/.exec(problem)!;
    expect(known!.split(', ')).toEqual(words.slice(0, words.length - Number(more)));
  });

  it('stays short, whatever is given', () => {
    const words = Array.from({ length: 500 }, (_, i) => `word-${i}`);
    const long = 'x'.repeat(100_000);
    expect(attributeProblem({ hair: words }, 'hair', long)!.length).toBeLessThan(MAX_MESSAGE_LENGTH);
    expect(attributeProblem({ hair: words }, long, 'red')!.length).toBeLessThan(MAX_MESSAGE_LENGTH);
  });
});
