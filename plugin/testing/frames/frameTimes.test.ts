import { describe, expect, it } from 'vitest';
import { summarise } from './frameTimes.ts';

describe('summarise', () => {
  it('takes the nearest rank, whatever the order', () => {
    const times = Array.from({ length: 100 }, (_, i) => ((37 * i) % 100) + 1); // 1 … 100
    expect(summarise(times)).toEqual({ mean: 50.5, median: 50, p95: 95, worst: 100 });
    expect(summarise([10, 2, 9])).toEqual({ mean: 7, median: 9, p95: 10, worst: 10 });
  });

  it('says NaN where nothing was measured', () => {
    expect(summarise([])).toEqual({
      mean: Number.NaN,
      median: Number.NaN,
      p95: Number.NaN,
      worst: Number.NaN,
    });
  });
});
