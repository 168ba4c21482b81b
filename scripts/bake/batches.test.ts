import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../runtime/index.ts';
import type { Look, PlannedPicture, Sheet } from './bakePlan.ts';
import { makeBatches, takeShard } from './batches.ts';

const RECIPE: Recipe = { label: 'elf', seed: 0, guidanceScale: 2, numInferenceSteps: 3, sampler: 'ddim' };
const look = (asset: string, more: Partial<Look> = {}): Look => ({
  asset,
  model: 'm',
  modelName: 'm',
  modelHash: '',
  varied: [],
  recipe: RECIPE,
  widthPx: 32,
  heightPx: 32,
  enlarge: 1,
  surface: null,
  ...more,
});
const pictures = (of: Look, count: number): PlannedPicture[] =>
  Array.from({ length: count }, (_, seed) => ({ look: of, label: 'elf', seed, files: [] }));
const names = (batches: PlannedPicture[][]) =>
  batches.map((batch) => batch.map(({ look: { asset } }) => asset).join(''));

describe('makeBatches', () => {
  it('puts together what one model paints in one way, whatever the asset', () => {
    const guided = { recipe: { ...RECIPE, guidanceScale: 3 } };
    const all = [
      pictures(look('a'), 2),
      pictures(look('b', { model: 'n' }), 1),
      pictures(look('c', { enlarge: 4 }), 2),
      pictures(look('d', guided), 1),
      pictures(look('e'), 1),
    ].flat();
    expect(names(makeBatches(all, 4))).toEqual(['aacc', 'e', 'd', 'b']);
  });

  it('makes smaller batches of larger pictures', () => {
    const sizes = (widthPx: number) =>
      makeBatches(pictures(look('a', { widthPx, heightPx: 64 }), 9), 16).map(({ length }) => length);
    expect(sizes(16)).toEqual([9]);
    expect(sizes(64)).toEqual([4, 4, 1]);
    expect(sizes(512)).toEqual(Array(9).fill(1));
  });

  it('has something for each job where there are enough pictures', () => {
    const sizes = (jobs: number) => makeBatches(pictures(look('a'), 9), 16, jobs).map(({ length }) => length);
    expect(sizes(1)).toEqual([9]);
    expect(sizes(2)).toEqual([5, 4]);
    expect(sizes(4)).toEqual([3, 3, 3]);
    expect(sizes(20)).toEqual(Array(9).fill(1));
  });
});

describe('takeShard', () => {
  const plan = {
    pictures: [
      pictures(look('sheet'), 5),
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => pictures(look(name), 1)),
    ].flat(),
    sheets: [{ asset: 'sheet' } as Sheet],
    libraries: ['library'],
  };

  it.each([1, 2, 3, 20])('splits a plan into %i parts that make the whole', (count) => {
    const parts = Array.from({ length: count }, (_, i) => takeShard(plan, { index: i + 1, count }));
    const all = parts.flatMap((part) => part.pictures);
    expect(all.length).toBe(plan.pictures.length);
    expect(new Set(all)).toEqual(new Set(plan.pictures));
    expect(parts.flatMap((part) => part.sheets)).toEqual(plan.sheets);
    expect(parts.flatMap((part) => part.libraries)).toEqual(plan.libraries);
  });

  it('leaves the pictures of a sheet together, and makes parts of about one size', () => {
    const parts = [1, 2].map((index) => takeShard(plan, { index, count: 2 }));
    expect(names(parts.map((part) => part.pictures))).toEqual(['sheetsheetsheetsheetsheetf', 'abcde']);
    expect(parts.map((part) => part.sheets.length)).toEqual([1, 0]);
  });
});
