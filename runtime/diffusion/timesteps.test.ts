import { describe, expect, it } from 'vitest';
import type { SamplerName } from '../core/samplingBounds.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';
import { timesteps } from './timesteps.ts';

const config = (fields: object = {}) => parseSchedulerConfig({ _class_name: 'DDIMScheduler', ...fields }, 'test');

describe('timesteps', () => {
  // Computed with the numpy expressions of diffusers.
  it.each<[string, SamplerName, number, number[]]>([
    ['leading', 'ddim', 6, [830, 664, 498, 332, 166, 0]],
    ['leading', 'dpm++', 7, [875, 750, 625, 500, 375, 250, 125]],
    ['linspace', 'ddim', 7, [999, 832, 666, 500, 333, 166, 0]],
    ['linspace', 'ddpm', 3, [999, 500, 0]],
    ['linspace', 'dpm++', 4, [999, 749, 500, 250]],
    ['linspace', 'euler', 7, [999, 832.5, 666, 499.5, 333, 166.5, 0]],
    ['trailing', 'ddim', 5, [999, 799, 599, 399, 199]],
    ['trailing', 'euler', 16, [999, 937, 874, 811, 749, 687, 624, 561, 499, 437, 374, 311, 249, 187, 124, 61]],
    ['trailing', 'dpm++', 1, [999]],
  ])('are those of diffusers: %s, %s, %d steps', (spacing, sampler, numInferenceSteps, expected) => {
    expect(timesteps(config({ timestep_spacing: spacing }), numInferenceSteps, sampler)).toEqual(expected);
  });

  it('round near one half as numpy does', () => {
    const steps = timesteps(config({ timestep_spacing: 'trailing' }), 48); // numpy's 937.4999999999999, not 937.5
    expect([steps[3], steps[15], steps[27]]).toEqual([936, 686, 436]);
  });

  it('have no 62nd point at t = −1 where numpy.arange makes one', () => {
    const steps = timesteps(config({ timestep_spacing: 'trailing' }), 61);
    expect(steps).toHaveLength(61);
    expect(steps.slice(-2)).toEqual([32, 15]);
  });

  it('shift by steps_offset with leading spacing alone', () => {
    expect(timesteps(config({ steps_offset: 1 }), 4)).toEqual([751, 501, 251, 1]);
    expect(timesteps(config({ steps_offset: 1, timestep_spacing: 'trailing' }), 4)).toEqual([999, 749, 499, 249]);
  });

  it('use the sampler of the config when none is named', () => {
    expect(timesteps(config({ _class_name: 'DPMSolverMultistepScheduler' }), 4)).toEqual([999, 749, 500, 250]);
  });

  it('are all of them for as many steps as were trained', () => {
    for (const spacing of ['leading', 'linspace', 'trailing']) {
      const steps = timesteps(config({ timestep_spacing: spacing }), 1000);
      expect(steps).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i));
    }
  });

  it.each([0, -1, 2.5, 1001, Number.NaN])('refuse %d steps', (numInferenceSteps) => {
    expect(() => timesteps(config(), numInferenceSteps)).toThrow(/expected a whole number from 1 to 1000/);
  });

  it('refuse steps that would coincide or leave the schedule', () => {
    expect(() => timesteps(config(), 1000, 'dpm++')).toThrow(/coinciding timesteps or one above 999; take fewer steps/);
    expect(() => timesteps(config({ steps_offset: 1 }), 1000)).toThrow(/one above 999/);
  });
});
