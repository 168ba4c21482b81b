import { describe, expect, it } from 'vitest';
import type { BakeDescription } from './bakeFileSchema.ts';
import { placeProblems } from './placeProblems.ts';

type Assets = Omit<BakeDescription['assets'][number], 'name'>[];

const describing = (assets: Assets, defaults?: BakeDescription['defaults']): BakeDescription => ({
  figment: 1,
  ...(defaults && { defaults }),
  assets: assets.map((asset, i) => ({ name: `asset${i}`, ...asset })),
});
const of = (entry: string | number, ...assets: number[]) =>
  assets.map((asset) => ({ asset, path: [entry], message: `${entry} is wrong` }));

describe('placeProblems', () => {
  it('finds a mistake in the defaults there, once', () => {
    const defaults = { attributes: { hair: 'redd' }, vary: ['hiar'], blend: { label: 'orcc', amount: 0.5 } };
    for (const entry of ['attributes', 'vary', 'blend']) {
      expect(placeProblems(of(entry, 0, 1, 2), describing([{}, {}, {}], defaults))).toEqual([
        { path: ['defaults', entry], message: `${entry} is wrong` },
      ]);
    }
    const deeper = [0, 0, 1].map((asset) => ({ asset, path: ['vary', 0], message: 'unknown' }));
    expect(placeProblems(deeper, describing([{}, {}], defaults))).toEqual([
      { path: ['defaults', 'vary', 0], message: 'unknown' },
    ]);
  });

  it('finds it in the asset that has the entry itself, or where nobody has it', () => {
    const description = describing([{ vary: ['hiar'] }, {}], { vary: ['hair'] });
    expect(placeProblems([...of('vary', 0), ...of('labels', 1)], description)).toEqual([
      { path: ['assets', 0, 'vary'], message: 'vary is wrong' },
      { path: ['assets', 1, 'labels'], message: 'labels is wrong' },
    ]);
    const whole = { asset: 1, path: [], message: 'too many' };
    expect(placeProblems([whole], description)).toEqual([{ path: ['assets', 1], message: 'too many' }]);
    expect(placeProblems(of('vary', 0), describing([{}]))).toEqual([
      { path: ['assets', 0, 'vary'], message: 'vary is wrong' },
    ]);
  });

  it('names the assets where others do not have it', () => {
    const description = describing([{}, {}, { vary: ['mood'] }, {}], { vary: ['hair'] });
    expect(placeProblems(of('vary', 0, 3), description)).toEqual([
      { path: ['defaults', 'vary'], message: 'for "asset0", "asset3": vary is wrong' },
    ]);
    const many = describing(Array(3000).fill({}), { vary: ['hair'] });
    const [first, ...others] = placeProblems(of('vary', ...Array(2999).keys()), many);
    expect(others).toEqual([]);
    expect(first!.message).toMatch(/^for "asset0", .*"asset9", … and 2989 more: vary is wrong$/);
  });

  it('names the asset that has another model', () => {
    const models = [{ model: 'portraits' }, { model: 'materials' }];
    const defaults = { vary: ['hair'] };
    expect(placeProblems(of('vary', 1), describing(models, { model: 'portraits', ...defaults }))).toEqual([
      { path: ['defaults', 'vary'], message: 'for "asset1": vary is wrong' },
    ]);
    const [only] = models.slice(1);
    expect(placeProblems(of('vary', 0), describing([only!], { model: 'portraits', ...defaults }))).toEqual([
      { path: ['defaults', 'vary'], message: 'for "asset0": vary is wrong' },
    ]);
    expect(placeProblems(of('vary', 0, 1), describing(models, defaults))).toEqual([
      { path: ['defaults', 'vary'], message: 'vary is wrong' },
    ]);
  });
});
