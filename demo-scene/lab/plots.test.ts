import { describe, expect, it } from 'vitest';
import { describeTrace } from './plots.ts';

describe('describeTrace', () => {
  it('tells where guidance moves most', () => {
    const trace = { timesteps: [900, 600.4, 300, 0], guidanceNorm: [null, 0.251, 0.125, null] };
    expect(describeTrace(trace, { guidanceScale: 3 })).toBe(
      'RMS of the difference in predicted noise: at most 0.25, at t = 600',
    );
  });

  it("says so where it is measured in the teacher's steps", () => {
    const trace = { timesteps: [900, 600, 300], guidanceNorm: [0.5, 0.25, 0.125] };
    const teacher = { sampler: 'dpm++', numInferenceSteps: 3, guidanceScale: 3 } as const;
    expect(describeTrace(trace, { guidanceScale: 3 }, teacher)).toMatch(
      /at t = 900, as its teacher goes in 3 steps of dpm\+\+: the student guides itself in one pass$/,
    );
  });

  it.each([
    [1, /^Guidance is 1, which is off: .*nothing to plot/],
    [0, /^Guidance is 0: the label is ignored.*nothing to plot/],
    [3, /^No step lies within the guided interval.*nothing to plot/],
  ])('says why there is nothing to plot at guidance %f', (guidanceScale, sentence) => {
    const trace = { timesteps: [900, 0], guidanceNorm: [null, null] };
    expect(describeTrace(trace, { guidanceScale })).toMatch(sentence);
  });
});
