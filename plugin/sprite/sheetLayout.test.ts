import { expect, it } from 'vitest';
import { sheetSize } from './sheetLayout.ts';

it('is as wide as it has to be for as many high cells as a sheet can hold, and says how many those are', () => {
  const high = (numCells: number) => sheetSize({ cellSize: [1000, 3000], numCells });
  expect(high(16)).toEqual([8000, 6000]);
  expect(high(4)).toEqual([4000, 3000]);
  expect(() => high(17)).toThrow(/17 cells of 1000×3000 .* and so 16 cells; make several sheets/);
});
