import { expect, it } from 'vitest';
import type { Dataset } from '../../../runtime/index.ts';
import { monotonyOf, planSweeps, realSweeps } from './sweeps.ts';

/** The wear of class a goes from 0 to 1, from half of it on in red, and that of class b hardly differs. */
const dataset = {
  labels: ['a', 'b'],
  classLabels: Int32Array.from({ length: 44 }, (_, i) => Math.floor(i / 22)),
  attributes: [
    { name: 'colour', values: ['red', 'grey'], data: Int16Array.from({ length: 44 }, (_, i) => (i < 11 ? 1 : 0)) },
    {
      name: 'wear',
      values: { min: 0, max: 2 },
      data: Float32Array.from({ length: 44 }, (_, i) => (i < 22 ? i / 21 : 0.01 * i)),
    },
  ],
} as unknown as Dataset;

it('sweeps a number over what a class has of it, all else as where there is much of it', () => {
  const sweeps = planSweeps(dataset, { firstSeed: 3, numSeeds: 2 });
  expect(sweeps.map(({ attribute, label }) => [attribute, label])).toEqual([
    ['wear', 'a'],
    ['wear', 'a'],
  ]);
  const [first, second] = sweeps;
  first!.values.forEach((value, i) => {
    expect(value).toBeCloseTo(1 / 21 + (19 / 21 / 4) * i, 6); // without the rarest twentieth at each end
  });
  expect(first!.requests.map(({ seed }) => seed)).toEqual([3, 3, 3, 3, 3]);
  expect(second!.requests[4]).toEqual({ label: 'a', seed: 4, attributes: { colour: 'red', wear: first!.values[4] } });
  expect(planSweeps(dataset, { firstSeed: 3, numSeeds: 0 })).toEqual([]);
});

it('asks for no number beyond the range, where float32 lies there by a rounding', () => {
  const [min, max] = [-0.2, 0.1];
  const data = Float32Array.from({ length: 10 }, (_, i) => (i < 5 ? min : max));
  expect(data.at(-1)).toBeGreaterThan(max);
  const one = {
    labels: ['a'],
    classLabels: new Int32Array(10),
    attributes: [{ name: 'wear', values: { min, max }, data }],
  };
  const [sweep] = planSweeps(one as unknown as Dataset, { firstSeed: 3, numSeeds: 1 });
  expect([sweep!.values[0], sweep!.values.at(-1)]).toEqual([min, max]);
});

it('is 1 where what is read grows, -1 where it falls, and 0 where it stays', () => {
  const sweeps = planSweeps(dataset, { firstSeed: 3, numSeeds: 2 });
  const of = (...read: number[][]) => monotonyOf(sweeps, read).wear!.mean;
  const up = [0.1, 0.2, 0.21, 0.5, 0.9];
  expect(of(up, up)).toBeCloseTo(1, 10);
  expect(of(up, up.toReversed())).toBeCloseTo(0, 10);
  expect(of(up, [3, 3, 3, 3, 3])).toBeCloseTo(0.5, 10);
  expect(monotonyOf(sweeps, [up, up])).toEqual({
    wear: { mean: expect.any(Number), perClass: { a: expect.any(Number) } },
  });
});

it('finds real pictures in a row that differ in one number alone, which grows', () => {
  const words = (...places: number[]) => Int16Array.from(places);
  const numbers = (...values: number[]) => Float32Array.from(values);
  // Of a: more wear; then more moss of the last; other wear and moss, and more moss; another colour; and less moss. Of b: wear that is
  // not known, and two images.
  const shown = {
    labels: ['a', 'b'],
    classLabels: Int32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
    attributes: [
      { name: 'colour', values: ['red', 'grey'], data: words(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1) },
      {
        name: 'wear',
        values: { min: 0, max: 1 },
        data: numbers(0, 0.25, 0.5, 0.5, 0.5, ...new Array(6).fill(0.125), 0.5, Number.NaN, 0.625, 0.75),
      },
      {
        name: 'moss',
        values: { min: 0, max: 1 },
        data: numbers(0, 0, 0, 0.5, 1, 0.25, 0.5, 0.75, 1, 1, 0.5, 0, 0, 0, 0),
      },
    ],
  } as unknown as Dataset;
  expect(realSweeps(shown)).toEqual([
    { attribute: 'wear', label: 'a', values: [0, 0.25, 0.5], images: [0, 1, 2] },
    { attribute: 'moss', label: 'a', values: [0, 0.5, 1], images: [2, 3, 4] },
    { attribute: 'moss', label: 'a', values: [0.25, 0.5, 0.75, 1], images: [5, 6, 7, 8] },
  ]);
  expect(realSweeps({ ...shown, attributes: [] })).toEqual([]);
});
