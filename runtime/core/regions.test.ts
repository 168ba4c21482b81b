import { expect, it } from 'vitest';
import { cellsOfRegions, regionsProblem } from './regions.ts';

const VOCABULARY = { mood: ['calm', 'glad'], hat: ['none', 'cap'] };

it('finds the cells of one region, and of several together', () => {
  const regions = { mood: ['.##', '...'], hat: ['#..', '.#.'] };
  expect([...cellsOfRegions(regions, ['mood'])]).toEqual([0, 1, 1, 0, 0, 0]);
  expect([...cellsOfRegions(regions, ['mood', 'hat'])]).toEqual([1, 1, 1, 0, 1, 0]);
});

it.each([
  [{ mood: ['##', '#'] }, 'the rows of "mood" differ in length'],
  [{ mood: ['#'], coat: ['#'] }, '"coat" is none of the model\'s attributes; take it out'],
  [{ mood: ['#.', '.#'], hat: ['#'] }, undefined],
])('tells what is wrong with regions: %j', (regions, problem) => {
  expect(regionsProblem(regions, VOCABULARY)).toBe(problem);
});
