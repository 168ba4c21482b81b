import { expect, it } from 'vitest';
import type { Dataset } from '../../../runtime/index.ts';
import { hiddenAttributes, planVariedSets, realSets, variationOf } from './variedSets.ts';

const MOODS = ['calm', 'glad', 'sad'];
const dataset = {
  labels: ['elf', 'orc'],
  classLabels: Int32Array.of(0, 0, 1, 1),
  attributes: [
    { name: 'hair', values: ['red', 'grey'], data: Int16Array.of(0, 1, 0, 1) },
    { name: 'mood', values: MOODS, data: Int16Array.of(0, 1, 2, 0) },
    { name: 'wear', values: { min: 0, max: 1 }, data: Float32Array.of(0, 0, 0, 0) },
  ],
} as unknown as Dataset;
const split = { train: new Int32Array(0), heldOut: Int32Array.of(0, 1, 2, 3) };
const plan = { attribute: 'mood', numIdentities: 3, firstSeed: 7 };

it('plans sets of held-out images, of which all but the attribute stays', () => {
  const sets = planVariedSets(dataset, split, plan);
  expect(sets.map(({ label, words }) => [label, words])).toEqual([
    ['elf', ['calm', 'glad', 'sad']],
    ['orc', ['sad', 'calm', 'glad']],
    ['elf', ['glad', 'calm', 'sad']],
  ]);
  expect(sets[2]!.requests.slice(0, 2)).toEqual([
    { label: 'elf', seed: 8, attributes: { hair: 'grey', mood: 'glad', wear: 0 } },
    { label: 'elf', seed: 8, attributes: { hair: 'grey', mood: 'calm', wear: 0 }, sameAs: { mood: 'glad' } },
  ]);
});

it.each(['wear', 'mooood'])('refuses %s, which has no words', (attribute) => {
  expect(() => planVariedSets(dataset, split, { ...plan, attribute })).toThrow(
    `evaluate: --vary ${attribute}: no attribute of words has that name; there are hair, mood`,
  );
});

it('counts what is recognised, and of all varied pictures what stays', () => {
  const sets = planVariedSets(dataset, split, { ...plan, numIdentities: 2 });
  // As (hair, mood): the first set is read as it was asked for, in the second "calm" is read as "glad", and "glad" has other hair.
  const read = [
    [
      [1, 0],
      [1, 1],
      [1, 2],
    ],
    [
      [0, 2],
      [0, 1],
      [1, 1],
    ],
  ];
  expect(variationOf(sets, read, { names: ['hair', 'mood'], attribute: 'mood', words: MOODS })).toEqual({
    recognised: 5 / 6,
    recognisedPerWord: { calm: 1 / 2, glad: 1, sad: 1 },
    kept: 3 / 4,
    keptPerAttribute: { hair: 3 / 4 },
  });
  const alone = read.map((set) => set.map(([, mood]) => [mood!]));
  const ofOne = { names: ['mood'], attribute: 'mood', words: MOODS };
  expect(variationOf(sets, alone, ofOne), 'there is nothing else to keep').toMatchObject({
    recognised: 5 / 6,
    kept: 1,
  });
});

it('leaves out what real pictures of a word hide', () => {
  const of = { names: ['eyes', 'hair', 'mood'], attribute: 'mood', words: MOODS };
  const sets = [{ words: ['calm', 'glad', 'sad'] }, { words: ['sad', 'glad'] }, { words: ['glad', 'calm'] }];
  // As (eyes, hair, mood): whoever is sad has eyes that are read as 9.
  const real = [
    [
      [1, 0, 0],
      [1, 0, 1],
      [9, 0, 2],
    ],
    [
      [9, 1, 2],
      [2, 1, 1],
    ],
    [
      [3, 1, 1],
      [3, 0, 0],
    ],
  ];
  const hidden = hiddenAttributes(sets, real, of);
  expect(hidden).toEqual({ sad: ['eyes'] });
  expect(variationOf(sets, real, of, hidden)).toMatchObject({
    kept: (2 / 4 + 3 / 4) / 2,
    keptWhereShown: (2 / 2 + 3 / 4) / 2,
    keptPerAttributeWhereShown: { eyes: 1, hair: 3 / 4 },
  });
  const always = { calm: ['eyes'], glad: ['eyes'], sad: ['eyes'] };
  expect(variationOf(sets, real, of, always).keptPerAttributeWhereShown).toEqual({ hair: 3 / 4 });
});

it('finds real pictures that differ in one attribute alone, and begins each set with another of them', () => {
  const attributes = [
    { name: 'hair', values: ['red', 'grey'], data: Int16Array.of(0, 0, 1, 1, 0, 0, 1, 0, 0, 1) },
    { name: 'mood', values: MOODS, data: Int16Array.of(0, 2, 1, 1, 1, 0, -1, 0, 2, 0) },
    { name: 'wear', values: { min: 0, max: 1 }, data: Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0.5, Number.NaN, 0) },
  ];
  const classLabels = Int32Array.of(0, 0, 0, 0, 1, 1, 0, 1, 1, 0);
  expect(realSets({ ...dataset, classLabels, attributes } as unknown as Dataset, 'mood')).toEqual([
    { images: [0, 1], words: ['calm', 'sad'] },
    { images: [3, 9, 2], words: ['glad', 'calm', 'glad'] },
    { images: [4, 5], words: ['glad', 'calm'] },
  ]);
});

it('does not count a picture of whose word nothing is known', () => {
  const unknown = { ...dataset, attributes: [{ name: 'mood', values: MOODS, data: Int16Array.of(-1, -1, 2, 0) }] };
  const sets = planVariedSets(unknown as unknown as Dataset, split, { ...plan, numIdentities: 1 });
  expect(sets[0]!.words).toEqual([null, ...MOODS]);
  expect(sets[0]!.requests[0]).toEqual({ label: 'elf', seed: 7, attributes: {} });
  const { recognised } = variationOf(sets, [[[1], [0], [1], [2]]], {
    names: ['mood'],
    attribute: 'mood',
    words: MOODS,
  });
  expect(recognised).toBe(1);
});
