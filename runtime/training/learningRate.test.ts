import { describe, expect, it } from 'vitest';
import { learningRateAt } from './learningRate.ts';

const OPTIONS = { learningRate: 0.01, numWarmupSteps: 4, decayFrom: 0.5, finalShare: 0.1 };

describe('learningRateAt', () => {
  it('rises evenly to the full rate in numWarmupSteps steps', () => {
    const rates = [0, 1, 2, 3, 4].map((step) => learningRateAt(OPTIONS, step, 0));
    for (const [i, share] of [0.25, 0.5, 0.75, 1, 1].entries()) expect(rates[i]).toBeCloseTo(0.01 * share, 12);
    expect(learningRateAt({ ...OPTIONS, numWarmupSteps: 0 }, 0, 0)).toBe(0.01);
  });

  it('stays until decayFrom, then falls by half a cosine to finalShare', () => {
    const rateAt = (progress: number) => learningRateAt(OPTIONS, 100, progress);
    expect(rateAt(0.5)).toBeCloseTo(0.01, 12);
    expect(rateAt(0.75)).toBeCloseTo(0.01 * (0.1 + 0.9 / 2), 12);
    expect(rateAt(1)).toBeCloseTo(0.001, 12);
    expect(rateAt(1.2)).toBeCloseTo(0.001, 12);
  });

  it('never falls when the decay begins at the end', () => {
    expect(learningRateAt({ ...OPTIONS, decayFrom: 1 }, 100, 0.999)).toBe(0.01);
  });
});
