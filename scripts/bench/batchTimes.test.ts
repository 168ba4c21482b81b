import { expect, it } from 'vitest';
import type { PictureOptions } from '../../runtime/index.ts';
import { batchTimes } from './batchTimes.ts';

it('measures what a picture takes in batches of each size, the first of which does not count', async () => {
  const batches: PictureOptions[][] = [];
  let clock = 0;
  const make = async (requests: PictureOptions[]) => {
    batches.push(requests);
    clock += (batches.length === 1 ? 1000 : 4) + 2 * requests.length; // the first compiles
  };
  const shares: number[] = [];
  const times = await batchTimes(
    [1, 8, 100],
    ['elf', 'orc'],
    make,
    (share) => shares.push(share),
    () => clock,
  );
  expect(times).toEqual({ 1: 6, 8: 2.5, 100: 2 + (4 * 4) / 100 });
  expect(batches.map(({ length }) => length)).toEqual([1, 1, 1, 1, 8, 8, 8, 8, 32, 32, 32, 32, 4]);
  expect(batches[4]!.map(({ label }) => label)).toEqual(['elf', 'orc', 'elf', 'orc', 'elf', 'orc', 'elf', 'orc']);
  const seeds = batches.flat().map(({ seed }) => seed);
  expect(new Set(seeds).size, 'no picture is made twice').toBe(seeds.length);
  expect(shares[0]).toBe(0);
  expect(shares.every((share, i) => share < 1 && (i === 0 || share > shares[i - 1]!))).toBe(true);
});
