import { describe, expect, it } from 'vitest';
import { type CharacterSheet, characterChanges, characterRequests } from './characterSheet.ts';

const HAIR = ['red', 'grey', 'none'];
const PORTRAITS = {
  name: 'portraits',
  labels: ['elf', 'orc'],
  attributes: { hair: HAIR, age: { min: 10, max: 90 }, expression: ['happy', 'sad'] },
};
const CHARACTERS = {
  name: 'characters',
  labels: ['guard', 'mage'],
  attributes: {
    kind: ['orc', 'elf', 'troll'],
    hair: [...HAIR, 'blue'],
    age: { min: 20, max: 200 },
    cape: ['none', 'cape'],
  },
};
const both = (sheet: Record<string, string | number>, seed = 1) =>
  characterRequests(sheet, [PORTRAITS, CHARACTERS], seed);
const changed = (sheet: Record<string, string | number>, changes: CharacterSheet, seed = 1) =>
  characterChanges(changes, [PORTRAITS, CHARACTERS], both(sheet, seed), seed);

it('asks each model for what it knows, and tells what it passes over', () => {
  const sheet = { role: 'mage', kind: 'elf', hair: 'grey', age: 30, cape: 'cape', expression: 'sad' };
  expect(both(sheet)).toEqual([
    { label: 'elf', attributes: { hair: 'grey', age: 30, expression: 'sad' }, ignored: ['role', 'cape'] },
    { label: 'mage', attributes: { kind: 'elf', hair: 'grey', age: 30, cape: 'cape' }, ignored: ['expression'] },
  ]);
  const [portrait] = both({ ...sheet, hair: 'blue' });
  expect(portrait).toMatchObject({ ignored: ['role', 'hair', 'cape'] });
  expect(portrait!.attributes).not.toHaveProperty('hair');
});

it('gives one request for each model, also to the compiler', () => {
  const [portrait, character] = characterRequests({ hair: 'grey' }, [PORTRAITS, CHARACTERS], 1);
  expect([portrait.attributes.hair, character.attributes.hair]).toEqual(['grey', 'grey']);
  const [face, figure] = characterChanges({ cape: 'cape' }, [PORTRAITS, CHARACTERS], [portrait, character], 1);
  expect([face.ignored, figure.ignored]).toEqual([['cape'], []]);
});

it('passes over a value that is no label of a model, as it does with attributes', () => {
  const [portrait, sprite] = both({ kind: 'troll', hair: 'red' });
  expect(PORTRAITS.labels).toContain(portrait!.label);
  expect(portrait!.ignored).toEqual(['kind']);
  expect(sprite!.attributes).toMatchObject({ kind: 'troll', hair: 'red' });
  expect(changed({}, { kind: 'troll' })[0]).toEqual({
    attributes: {},
    ignored: ['kind'],
  });
});

it('takes "any" as left out, so that both show the same', () => {
  const sheet = { kind: 'any', hair: 'any', cape: 'any' };
  const seen = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    expect(both(sheet, seed)).toEqual(both({}, seed));
    seen.add(both(sheet, seed)[0]!.label);
  }
  expect(seen.size).toBeGreaterThan(1);
  expect(() => both({ nothing: 'any' })).toThrow(/nothing/);
});

it('takes what is undefined as left out, be it a label', () => {
  expect(both({ role: undefined, kind: undefined, hair: 'red' } as never)).toEqual(both({ hair: 'red' }));
  expect(changed({}, { role: undefined, hair: 'red' })).toEqual(changed({}, { hair: 'red' }));
});

it('draws what becomes open where both know it, so that both still show the same', () => {
  const drawn = new Set<unknown>();
  for (let seed = 0; seed < 40; seed++) {
    const [face, figure] = changed(
      { kind: 'elf', hair: 'blue', cape: 'cape' },
      { kind: 'any', hair: undefined, cape: 'any' },
      seed,
    );
    expect(face!.label).toBe(figure!.attributes.kind);
    expect(face!.attributes.hair).toBe(figure!.attributes.hair);
    expect(face!.ignored).toEqual(['cape']);
    expect(figure).toEqual({
      attributes: { kind: face!.label, hair: face!.attributes.hair, cape: 'any' },
      ignored: [],
    });
    drawn.add(face!.label);
  }
  expect(drawn).toEqual(new Set(PORTRAITS.labels));
  const [face] = changed({}, { hair: 'any' }, 7);
  expect(face!.attributes.hair).toBe(both({}, 7)[0]!.attributes.hair);
});

it('draws what is left out by the seed, the same for both, and leaves what one alone knows to it', () => {
  const seen = new Set<string>();
  let numBald = 0;
  for (let seed = 0; seed < 400; seed++) {
    const [portrait, sprite] = both({}, seed);
    expect(sprite!.attributes).toMatchObject({ ...portrait!.attributes, kind: portrait!.label });
    expect(Object.keys(portrait!.attributes).sort()).toEqual(['age', 'hair']);
    expect(portrait!.attributes.age).toBeGreaterThanOrEqual(20);
    expect(portrait!.attributes.age).toBeLessThanOrEqual(90);
    seen.add(`${portrait!.label} ${sprite!.label} ${portrait!.attributes.hair}`);
    if (portrait!.attributes.hair === 'none') numBald++;
  }
  expect(seen.size).toBe(2 * 2 * 3);
  expect(numBald / 400).toBeGreaterThan(0.42); // a half, within three standard deviations
  expect(numBald / 400).toBeLessThan(0.58);
  expect(both({}, 7)).toEqual(both({}, 7));
  const told = both({ hair: 'red' }, 7);
  expect(told[0]!.attributes).toEqual({ ...both({}, 7)[0]!.attributes, hair: 'red' });
});

describe('by examples', () => {
  const VOCABULARY = {
    kind: ['orc', 'elf'],
    hair: ['red', 'grey', 'none'],
    beard: ['none', 'full'],
    skin: ['green', 'fair'],
  };
  const rows = [
    ['guard', 'orc', 'grey', 'full', 'green'],
    ['guard', 'elf', 'red', 'none', 'fair'],
    ['mage', 'orc', 'none', 'full', 'green'],
    ['mage', 'elf', 'grey', 'none', 'fair'],
  ].map(([label, ...words]) => ({ label: label!, words }));
  const roles = ['guard', 'mage'];
  const sprites = {
    name: 'characters',
    labels: roles,
    attributes: VOCABULARY,
    examples: {
      labels: Uint8Array.from(rows, ({ label }) => roles.indexOf(label)),
      values: Float32Array.from(
        rows.flatMap(({ words }) => Object.values(VOCABULARY).map((known, i) => known.indexOf(words[i]!))),
      ),
    },
  };
  const { kind: _kind, beard: _beard, ...shared } = VOCABULARY;
  const portraits = { name: 'portraits', labels: ['elf', 'orc'], attributes: { ...shared, mood: ['glad'] } };
  const npc = (sheet: Record<string, string>, seed: number, faces = portraits) =>
    characterRequests(sheet, [faces, sprites], seed);
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);

  it('draws words that go together, and asks each model for those that it shares with another', () => {
    for (const seed of seeds) {
      const [face, figure] = npc({}, seed);
      const { label, attributes } = figure!;
      const { kind, hair, skin } = attributes;
      expect(rows.filter((row) => row.label === label).map(({ words: [a, b, , d] }) => [a, b, d])).toContainEqual([
        kind,
        hair,
        skin,
      ]);
      expect(face).toEqual({ label: kind, attributes: { hair, skin }, ignored: [] });
      expect(attributes).not.toHaveProperty('beard');
    }
    expect(new Set(seeds.map((seed) => JSON.stringify(npc({}, seed)))).size).toBe(rows.length);
  });

  it('lets a word give way that never goes together with one that is asked for', () => {
    for (const seed of seeds) {
      const [face, figure] = npc({ role: 'guard', kind: 'elf' }, seed);
      expect(face).toMatchObject({ label: 'elf', attributes: { skin: 'fair' } });
      expect(figure).toMatchObject({ label: 'guard', attributes: { kind: 'elf', skin: 'fair' } });
    }
  });

  it('draws a label that goes with what is asked for', () => {
    const labelsOf = (sheet: Record<string, string>) => new Set(seeds.map((seed) => npc(sheet, seed)[1]!.label));
    expect(labelsOf({})).toEqual(new Set(roles));
    expect(labelsOf({ hair: 'red' })).toEqual(new Set(['guard']));
    expect(labelsOf({ kind: 'orc', hair: 'none' })).toEqual(new Set(['mage']));
    expect(labelsOf({ kind: 'elf', hair: 'none' })).toEqual(new Set(roles)); // each has one of the two words
  });

  it('passes over examples of words that one of the models lacks', () => {
    const withoutRed = { ...portraits, attributes: { ...portraits.attributes, hair: ['grey', 'none'] } };
    for (const seed of seeds) expect(npc({ role: 'guard' }, seed, withoutRed)[1]!.attributes.hair).toBe('grey');
  });
});

it.each([
  [
    { hiar: 'red' },
    'createNpc: portraits and characters know nothing of "hiar", and have no label "red"; did you mean "hair"? known labels: ',
  ],
  [
    { agee: 30 },
    'did you mean "age"? known labels: elf, orc, guard, mage; known attributes: hair, age, expression, kind',
  ],
  [{ expr: 'happy' }, 'did you mean "expression"? known'],
  [{ role: 'gaurd' }, 'and have no label "gaurd"; did you mean "age", or the label "guard"?'],
  [{ race: 'elf' }, 'createNpc: "race" is unknown; the label "elf" of portraits goes by the name "kind"'],
  [
    { role: 'soldier' },
    'and have no label "soldier"; did you mean "age", or the label "elf"? known labels: elf, orc, guard, mage; known attributes: hair, age, expression, kind, cape',
  ],
  [{ hair: 'gray' }, 'createNpc: hair "gray" is unknown; did you mean "grey"?'],
  [{ age: 5 }, 'createNpc: age is 5; expected a number from 10 to 90'],
  [{ label: 'gaurd' }, 'createNpc: characters has no label "gaurd"; did you mean "guard"? known labels: guard, mage'],
])('refuses %j', (sheet, problem) => {
  expect(() => both(sheet)).toThrow(problem);
});
