import { describe, expect, it } from 'vitest';
import { tinyDataset } from '../../../runtime/testing/tinyDataset.ts';
import { regroup } from './regroup.ts';

const dataset = tinyDataset({ perClass: 6 }); // the labels in turn
const SIZE = 8 * 8 * 4;
/** 1 of the first label's six pictures, 2 of the second's and all of the third's are red; the last has no colour. */
const VALUES = Array.from({ length: 18 }, (_, i) => {
  if (i === 17) return 'unknown';
  return Math.floor(i / 3) < [1, 2, 6][i % 3]! ? 'red' : i % 2 === 0 ? 'blue' : 'green';
});
const GROUPS = [
  { label: 'warm', values: ['red'] },
  { label: 'cold', values: ['blue', 'green'] },
];
const [ALL, MATCHED] = [
  { matched: false, seed: 1 },
  { matched: true, seed: 1 },
];

/** The places of the pictures in the data set; each is unlike the others. */
function placesOf(images: Uint8Array): number[] {
  const keyOf = (all: Uint8Array, i: number) => all.subarray(i * SIZE, (i + 1) * SIZE).join();
  const places = new Map(VALUES.map((_, i) => [keyOf(dataset.images, i), i]));
  return Array.from({ length: images.length / SIZE }, (_, i) => places.get(keyOf(images, i))!);
}

describe('regroup', () => {
  it('labels pictures by their values, and leaves out what no group names', () => {
    const { labels, images, classLabels, licence } = regroup(dataset, VALUES, GROUPS, ALL);
    expect(labels).toEqual(['warm', 'cold']);
    expect(licence).toBe(dataset.licence);
    expect(images).toEqual(dataset.images.subarray(0, 17 * SIZE));
    expect([...classLabels]).toEqual(VALUES.slice(0, 17).map((value) => (value === 'red' ? 0 : 1)));
    const rest = regroup(dataset, VALUES, [GROUPS[0]!, { label: 'other', values: ['*'] }], ALL);
    expect(rest.classLabels).toHaveLength(18);
    expect(rest.classLabels[17]).toBe(1);
  });

  it('takes equally many of each old label into every group, if told, others for another seed', () => {
    const { images, classLabels } = regroup(dataset, VALUES, GROUPS, MATCHED);
    const places = placesOf(images);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    for (const [label, count] of [1, 2, 0].entries()) {
      for (const group of [0, 1]) {
        expect(places.filter((place, i) => place % 3 === label && classLabels[i] === group)).toHaveLength(count);
      }
    }
    places.forEach((place, i) => {
      expect(classLabels[i]).toBe(VALUES[place] === 'red' ? 0 : 1);
    });
    const others = [2, 3, 4].map((seed) => placesOf(regroup(dataset, VALUES, GROUPS, { matched: true, seed }).images));
    expect(new Set([places, ...others].map((list) => list.join())).size).toBeGreaterThan(1);
  });

  it('refuses values that are too few, and groups that stay empty', () => {
    expect(() => regroup(dataset, VALUES.slice(1), GROUPS, ALL)).toThrow(/17 attributes for 18 pictures/);
    const empty = [...GROUPS, { label: 'pale', values: ['white'] }];
    expect(() => regroup(dataset, VALUES, empty, ALL)).toThrow(
      /^dataset relabel: no picture has "white", .*; did you mean "\w+"\? known: red, [a-z, ]+$/,
    );
    const oneLabel = { ...dataset, classLabels: Int32Array.from(VALUES, (value) => (value === 'red' ? 0 : 1)) };
    expect(() => regroup(oneLabel, VALUES, GROUPS, MATCHED)).toThrow(
      /^dataset relabel: no picture is left with "warm"; .* leave out --matched$/,
    );
  });
});
