import { describe, expect, it } from 'vitest';
import { alphaBar, createSchedule } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';
import { alphaBarAt, sigmaOf, sigmasAt } from './sigmas.ts';

const schedule = createSchedule(parseSchedulerConfig({ _class_name: 'EulerDiscreteScheduler' }, 'test'));

describe('sigmas', () => {
  it('are the ratio of noise to signal', () => {
    expect(sigmaOf(0.5)).toBe(1);
    expect(sigmaOf(0.2)).toBeCloseTo(2, 12);
    expect(sigmaOf(0)).toBeCloseTo(4096, 0); // alphaBar 2^-24, as in diffusers
  });

  it('interpolate between timesteps and end at zero or sigma_min', () => {
    const at = (t: number) => sigmaOf(alphaBar(schedule, t));
    expect(sigmasAt(schedule, [999, 832.5, 7], 'zero')).toEqual([at(999), (at(832) + at(833)) / 2, at(7), 0]);
    expect(sigmasAt(schedule, [7], 'sigma_min')).toEqual([at(7), at(0)]);
  });

  it('tell alphaBar between timesteps, too', () => {
    expect(alphaBarAt(schedule, 832)).toBe(alphaBar(schedule, 832));
    const [sigma] = sigmasAt(schedule, [832.25], 'zero');
    expect(sigmaOf(alphaBarAt(schedule, 832.25))).toBeCloseTo(sigma!, 12);
  });
});
