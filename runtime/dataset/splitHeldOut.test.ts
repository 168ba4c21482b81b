import { describe, expect, it } from 'vitest';
import { uniforms } from '../core/random.ts';
import type { AttributeColumn } from './attributeColumns.ts';
import { splitHeldOut } from './splitHeldOut.ts';

/** Classes of 40, 10, 1 and 0 images, mixed up. */
const classLabels = Int32Array.from({ length: 51 }, (_, i) => (i === 20 ? 2 : i % 5 === 0 ? 1 : 0));
const dataset = { labels: ['a', 'b', 'c', 'd'], classLabels };
const countOf = (indices: Int32Array, label: number) => [...indices].filter((i) => classLabels[i] === label).length;

describe('splitHeldOut', () => {
  it('covers every image once', () => {
    const { train, heldOut } = splitHeldOut(dataset, 0.2, 1);
    const all = [...train, ...heldOut].sort((a, b) => a - b);
    expect(all).toEqual([...classLabels.keys()]);
    expect([...train]).toEqual([...train].sort((a, b) => a - b));
    expect([...heldOut]).toEqual([...heldOut].sort((a, b) => a - b));
  });

  it('holds the same share out of each class and keeps one image to train on', () => {
    const { heldOut, train } = splitHeldOut(dataset, 0.2, 1);
    expect([0, 1, 2, 3].map((label) => countOf(heldOut, label))).toEqual([8, 2, 0, 0]);
    expect(countOf(train, 2)).toBe(1);
    expect(countOf(splitHeldOut(dataset, 0.99, 1).train, 1)).toBe(1);
    expect(splitHeldOut(dataset, 0, 1).heldOut).toHaveLength(0);
  });

  it('is fixed by the seed', () => {
    expect(splitHeldOut(dataset, 0.3, 7)).toEqual(splitHeldOut(dataset, 0.3, 7));
    expect(splitHeldOut(dataset, 0.3, 7)).not.toEqual(splitHeldOut(dataset, 0.3, 8));
  });

  it('draws each class on its own', () => {
    const pair = { labels: ['a', 'b'], classLabels: Int32Array.from({ length: 80 }, (_, i) => i % 2) };
    const { heldOut } = splitHeldOut(pair, 0.25, 1);
    const placesOf = (label: number) => [...heldOut].filter((i) => i % 2 === label).map((i) => (i - label) / 2);
    expect(placesOf(0)).toHaveLength(10);
    expect(placesOf(0)).not.toEqual(placesOf(1));
    const alone = { labels: ['a'], classLabels: new Int32Array(40) };
    expect([...splitHeldOut(alone, 0.25, 1).heldOut]).toEqual(placesOf(0));
  });

  it('refuses a share of one and more', () => {
    expect(() => splitHeldOut(dataset, 1, 1)).toThrow(/splitHeldOut: fraction is 1; expected/);
    expect(() => splitHeldOut(dataset, Number.NaN, 1)).toThrow(RangeError);
  });
});

describe('splitHeldOut by combinations', () => {
  /** 400 images of two classes and 25 combinations of unequal size, some of them with what is not known. */
  const drawn = uniforms(1, 0, 800);
  const placeOf = (i: number) => Math.floor(5 * drawn[i]! ** 2) - 1;
  const attributes: AttributeColumn[] = [
    { name: 'hair', values: ['a', 'b', 'c', 'd'], data: Int16Array.from({ length: 400 }, (_, i) => placeOf(i)) },
    { name: 'hat', values: ['a', 'b', 'c', 'd'], data: Int16Array.from({ length: 400 }, (_, i) => placeOf(400 + i)) },
    { name: 'one', values: ['a'], data: new Int16Array(400) },
  ];
  const faces = { labels: ['elf', 'orc'], classLabels: Int32Array.from({ length: 400 }, (_, i) => i % 2), attributes };
  const keyOf = (image: number) => attributes.map(({ data }) => data[image]).join();

  it('puts each combination on one side, and keeps to the share', () => {
    for (const seed of [1, 2, 3]) {
      const { train, heldOut } = splitHeldOut(faces, 0.2, seed, ['hat', 'hair']);
      expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual([...faces.classLabels.keys()]);
      expect([...heldOut]).toEqual([...heldOut].sort((a, b) => a - b));
      expect(heldOut.length).toBeLessThanOrEqual(80);
      expect(heldOut.length).toBeGreaterThan(70);
      const trained = new Set(Array.from(train, keyOf));
      expect(Array.from(heldOut, keyOf).filter((key) => trained.has(key))).toEqual([]);
    }
  });

  it('is fixed by the seed', () => {
    const split = (seed: number) => splitHeldOut(faces, 0.2, seed, ['hair', 'hat']);
    expect(split(7)).toEqual(split(7));
    expect(split(7)).not.toEqual(split(8));
    expect(splitHeldOut(faces, 0, 7, ['hair']).heldOut).toHaveLength(0);
  });

  it('leaves every class an image to train on', () => {
    const kinds: AttributeColumn[] = [{ name: 'kind', values: ['a', 'b'], data: Int16Array.of(0, 1, 1, 0) }];
    const two = { labels: ['elf', 'orc'], classLabels: Int32Array.of(0, 1, 1, 0), attributes: kinds };
    expect(() => splitHeldOut(two, 0.5, 1, ['kind'])).toThrow(
      'splitHeldOut: each of the 2 combinations of kind has more than 2 images or all of a class; name more attributes',
    );
  });

  it('refuses attributes that are not there or do not tell images apart', () => {
    expect(() => splitHeldOut(faces, 0.2, 1, ['hiar'])).toThrow(/"hiar" is unknown; did you mean "hair"/);
    expect(() => splitHeldOut(dataset, 0.2, 1, ['hair'])).toThrow(/the data have no attributes/);
    expect(() => splitHeldOut(faces, 0.2, 1, ['one'])).toThrow(/each of the 1 combinations of one has more than 80/);
    const wear = { name: 'wear', values: { min: 0, max: 1 }, data: new Float32Array(400) };
    expect(() => splitHeldOut({ ...faces, attributes: [wear] }, 0.2, 1, ['wear'])).toThrow(
      'splitHeldOut: wear is a number, which hardly two images share; name attributes of words',
    );
  });
});
