import { describe, expect, it } from 'vitest';
import { minSnrWeights } from './minSnr.ts';
import { createSchedule } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const schedule = (fields: object = {}) =>
  createSchedule(parseSchedulerConfig({ _class_name: 'DDPMScheduler', ...fields }, 'test'));

const ALL = Array.from({ length: 1000 }, (_, t) => t);

describe('minSnrWeights', () => {
  it('makes one loss of the three: an error in x0 costs the same whatever is predicted', () => {
    const { alphasCumprod } = schedule();
    const [ofX0, ofEps, ofV] = (['sample', 'epsilon', 'v_prediction'] as const).map((type) =>
      minSnrWeights(schedule(), ALL, 5, type),
    ) as [Float64Array, Float64Array, Float64Array];
    for (const t of ALL) {
      const [signal, noise] = [Math.sqrt(alphasCumprod[t]!), Math.sqrt(1 - alphasCumprod[t]!)];
      const epsError = signal / noise; // that goes with an x0 error of 1 at the same xt
      const vError = signal * epsError + noise;
      expect(ofEps[t]! * epsError ** 2).toBeCloseTo(ofX0[t]!, 9);
      expect(ofV[t]! * vError ** 2).toBeCloseTo(ofX0[t]!, 9);
    }
  });

  it('clamps at gamma, and only above it', () => {
    const { alphasCumprod } = schedule();
    const weights = minSnrWeights(schedule(), ALL, 5, 'sample');
    const snr = (t: number) => alphasCumprod[t]! / (1 - alphasCumprod[t]!);
    expect(ALL.filter((t) => weights[t] === 5).length).toBe(ALL.filter((t) => snr(t) >= 5).length);
    expect(weights[999]).toBe(snr(999));
    expect(minSnrWeights(schedule(), ALL, Number.POSITIVE_INFINITY, 'epsilon')).toEqual(new Float64Array(1000).fill(1));
  });

  it('is finite at zero terminal SNR and takes the prediction type of the schedule', () => {
    const zero = { rescale_betas_zero_snr: true };
    expect(minSnrWeights(schedule({ ...zero, prediction_type: 'v_prediction' }), [999], 5)[0]).toBe(0);
    expect(minSnrWeights(schedule(zero), [999], 5)[0]).toBe(1);
  });

  it.each([0, -1, Number.NaN])('refuses gamma %d', (gamma) => {
    expect(() => minSnrWeights(schedule(), [1], gamma)).toThrow(/gamma is .*; expected a number above 0/);
  });
});
