import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseExamples } from './attributeExamples.ts';
import { ANY, encodeAttributes, type Vocabulary } from './attributes.ts';
import { decideAttributes, fillAttributes } from './decideAttributes.ts';

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
const OPEN = [ANY, ANY, ANY, ANY];
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

/** Every row so many times: one alone tells little of what goes together. */
function known(attributes: Vocabulary, rows: readonly number[][], times = 8) {
  const many = Array.from({ length: times }, () => rows).flat();
  const labels = Uint8Array.from(many, ([label]) => label!);
  return { examples: { labels, values: Float32Array.from(many.flatMap(([, ...values]) => values)) }, attributes };
}

it('is nothing else when a number is asked for: of the shipped materials, too', async () => {
  const { labels, figment } = JSON.parse(await readFile('assets/models/materials/model_index.json', 'utf8'));
  const { attributes } = figment;
  const examples = parseExamples(figment.examples, labels.length, attributes);
  const names = Object.keys(attributes);
  const asked = { base_colour: 'white', second_colour: 'blue', scale: 'large' };
  const decide = (seed: number, wear: object) => {
    const encoded = encodeAttributes('test', attributes, { ...asked, ...wear });
    return decideAttributes({ examples, attributes }, labels.indexOf('planks'), encoded, seed);
  };
  const others = (values: number[]) => values.filter((_, place) => names[place] !== 'wear');
  for (const seed of [158207, ...SEEDS]) expect(others(decide(seed, { wear: 1 }))).toEqual(others(decide(seed, {})));
});

it('is as it was when words are asked for that the seed had drawn, beside others: of the shipped characters, too', async () => {
  const { labels, figment } = JSON.parse(await readFile('assets/models/characters/model_index.json', 'utf8'));
  const { attributes } = figment as { attributes: Vocabulary };
  const characters = { examples: parseExamples(figment.examples, labels.length, attributes), attributes };
  const sizes = Object.values(attributes).map((words) => (words as readonly string[]).length);
  for (const seed of SEEDS) {
    const decide = (asked: number[]) => decideAttributes(characters, seed % labels.length, asked, seed);
    const drawn = decide(sizes.map(() => ANY));
    const one = sizes.map((size, place) => (place === seed % sizes.length ? seed % size : ANY));
    const decided = decide(one);
    const more = one.map((value, place) =>
      place % 5 === seed % 5 && decided[place] === drawn[place] ? drawn[place]! : value,
    );
    expect(decide(more)).toEqual(decided);
  }
});

describe('what is open', () => {
  const decide = (label: number, asked: number[], seed: number) =>
    decideAttributes(known(VOCABULARY, ROWS), label, asked, seed);

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

  it('never puts together what many examples could have, and none has', () => {
    for (const seed of SEEDS) {
      const [beard, gender] = decide(ELF, [1, ANY, ANY, ANY], seed);
      expect([beard, gender]).toEqual([1, 1]);
      expect(decide(ELF, [ANY, 0, ANY, ANY], seed)[0]).toBe(0);
    }
  });

  it('goes by other labels where its own has no such word', () => {
    const attributes = { beard: ['none', 'full'], gender: ['female', 'male'] };
    const people = [
      [ELF, 0, 0],
      [ELF, 0, 1],
      [ORC, 0, 0],
      [ORC, 1, 1],
    ]; // elves never have a beard
    for (const seed of SEEDS)
      expect(decideAttributes(known(attributes, people, 16), ELF, [1, ANY], seed)).toEqual([1, 1]);
  });

  it('keeps what the label always has, whatever is asked for besides', () => {
    const attributes = { hair: ['black', 'blonde'], skin: ['fair', 'green', 'grey'] };
    const people = [
      [ELF, 0, 0],
      [ELF, 1, 0],
      [ORC, 0, 1],
    ]; // no orc is blonde, and no green one either
    for (const seed of SEEDS) expect(decideAttributes(known(attributes, people), ORC, [1, ANY], seed)).toEqual([1, 1]);
  });

  it('keeps a pair of which nothing is told: too few have either', () => {
    const attributes = { hair: ['black', 'blonde'], eyes: ['brown', 'blue'] };
    const people = [...Array.from({ length: 20 }, () => [ELF, 0, 0]), [ELF, 1, 0], [ELF, 0, 1]];
    const drawn = SEEDS.map((seed) => decideAttributes(known(attributes, people, 1), ELF, [1, ANY], seed)[1]);
    expect(new Set(drawn)).toEqual(new Set([0, 1]));
  });

  it('keeps all else whatever number is asked for beside a word', () => {
    const attributes = { colour: ['red', 'grey', 'blue'], pattern: ['plain', 'brick'], wear: { min: 0, max: 1 } };
    const walls = [
      [ELF, 0, 0, 0],
      [ELF, 1, 1, 0.1],
      [ELF, 2, 1, 0.9],
    ]; // no plain wall is grey or blue
    for (const seed of SEEDS) {
      const of = (wear: number) => decideAttributes(known(attributes, walls), ELF, [ANY, 1, wear], seed)[0];
      for (const wear of [0.3, 0.6, 1]) expect(of(wear)).toBe(of(0));
    }
  });

  it('gives each kind what is its own, and no hair of another takes that away', () => {
    const attributes = { kind: ['human', 'orc', 'imp'], skin: ['fair', 'olive', 'red'], hair: ['black', 'blonde'] };
    const people = [...Array.from({ length: 4 }, () => [ELF, 0, 0, 0]), [ELF, 0, 0, 1], [ELF, 1, 1, 0], [ELF, 2, 2, 0]]; // only humans are blonde, and few of them
    for (const seed of SEEDS) {
      for (const kind of [0, 1, 2]) {
        expect(decideAttributes(known(attributes, people), ELF, [kind, ANY, 1], seed)).toEqual([kind, kind, 1]);
      }
    }
  });

  it('goes with two words together, of which neither decides alone', () => {
    const attributes = { style: ['long', 'bald'], colour: ['none', 'black', 'red'], beard: ['none', 'full'] };
    const people = [
      [ELF, 0, 1, 0],
      [ELF, 0, 2, 0],
      [ELF, 0, 1, 1],
      [ELF, 0, 2, 1],
      [ELF, 1, 0, 0],
      [ELF, 1, 1, 1],
      [ELF, 1, 2, 1],
    ]; // who is bald may have a beard in colour; without one there is nothing to colour
    for (const seed of SEEDS) {
      const [style, colour, beard] = decideAttributes(known(attributes, people, 16), ELF, [1, ANY, ANY], seed);
      expect([style, beard === 0]).toEqual([1, colour === 0]);
    }
  });

  it('goes with a word that somebody had before, too, where that would have to change', () => {
    const attributes = { skin: ['fair', 'grey'], horns: ['none', 'long'], kind: ['human', 'imp', 'elf'] };
    const people = [
      [ELF, 0, 0, 0],
      [ELF, 1, 1, 1],
      [ORC, 1, 0, 2],
    ]; // of elves, who is grey has horns
    const fill = (horns: number) => fillAttributes(known(attributes, people, 16), ELF, [1, horns, ANY], [0, 0, 0]);
    expect(fill(ANY)).toEqual([1, 1, 1]);
    expect(fill(0)).toEqual([1, 0, 2]);
  });

  it('changes with what had to change', () => {
    const attributes = {
      skin: ['fair', 'grey'],
      kind: ['human', 'elf', 'imp'],
      hat: ['none', 'straw'],
      hair: ['black', 'white'],
      eyes: ['brown', 'blue'],
    };
    const people = [
      [ELF, 0, 0, 0, 1, 1],
      [ELF, 0, 0, 1, 1, 1],
      [ELF, 1, 1, 0, 1, 1],
      [ELF, 1, 2, 0, 0, 0],
      [ELF, 1, 2, 1, 0, 0],
    ]; // of the grey, elves wear no hat, and are most like humans
    const human = [0, 0, 1, 1, 1];
    const grey = fillAttributes(known(attributes, people, 16), ELF, [1, ANY, ANY, ANY, ANY], human);
    expect(people).toContainEqual([ELF, ...grey]);
  });

  it('is what a rare word has, though no other value alone is missed beside it', () => {
    const attributes = {
      clothes: ['none', 'shirt'],
      colour: ['none', 'red', 'blue', 'green', 'white', 'black', 'grey'],
    };
    const dressed = [ELF, ...SEEDS.slice(2, 14)].flatMap((label) =>
      [1, 2, 3, 4, 5, 6].map((colour) => [label, 1, colour]),
    );
    const people = [...dressed, [ELF, 0, 0], [ELF, 0, 0], [ELF, 0, 0]]; // what is not worn has no colour
    for (const seed of SEEDS) {
      const decide = (asked: number[]) => decideAttributes(known(attributes, people, 6), ELF, asked, seed);
      expect(decide([0, ANY])).toEqual([0, 0]);
      expect(decide([ANY, 0])).toEqual([0, 0]);
      expect(decide([1, ANY])[1]).not.toBe(0);
      for (const colour of [1, 2, 3]) expect(decide([ANY, colour])).toEqual([1, colour]);
    }
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

describe('what goes together', () => {
  it('is counted by the examples there are, not by all pairs of words in every label', () => {
    const words = Array.from({ length: 64 }, (_, i) => `${i}`);
    const attributes = { hair: words, eyes: words };
    const people = words.map((_, i) => [i, i, (7 * i) % words.length]); // each label has one word of each
    const few = known(attributes, people, 1);
    expect(looksUp(() => decideAttributes(few, 0, [1, ANY], 7))).toBeLessThan(20 * people.length);
  });
});

/** How often something looks into maps. */
function looksUp(act: () => void): number {
  const { get } = Map.prototype;
  let count = 0;
  Map.prototype.get = function (key) {
    count++;
    return get.call(this, key);
  };
  try {
    act();
  } finally {
    Map.prototype.get = get;
  }
  return count;
}

describe('what somebody is like', () => {
  it('fills in what is open, but for what contradicts the words that are asked for', () => {
    const bearded = [1, 1, 1, 0.6];
    const fill = (asked: number[]) => fillAttributes(known(VOCABULARY, ROWS), ELF, asked, bearded);
    expect(fill([ANY, ANY, 2, ANY])).toEqual([1, 1, 2, 0.6]);
    const [beard, gender, hair] = fill([ANY, 0, ANY, ANY]);
    expect([beard, gender, hair]).toEqual([0, 0, 1]);
    expect(fillAttributes(known(VOCABULARY, ROWS), ELF, [ANY, 0, ANY, ANY], OPEN)).toEqual([ANY, 0, ANY, ANY]);
  });
});
