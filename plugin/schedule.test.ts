import { describe, expect, it } from 'vitest';
import { parseSchedulerConfig } from '../runtime/index.ts';
import { scheduleOf } from './schedule.ts';

const scheduler = parseSchedulerConfig(
  { _class_name: 'DDIMScheduler', beta_schedule: 'squaredcos_cap_v2', timestep_spacing: 'trailing' },
  'the test',
);
const info = { scheduler, sampleDefaults: { sampler: 'ddim' as const, numInferenceSteps: 5, guidanceScale: 2 } };

describe('scheduleOf', () => {
  it("gives the cosine schedule's alphasCumprod at every training timestep", () => {
    const { alphasCumprod } = scheduleOf(info);
    const signal = (u: number) => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2;
    expect(alphasCumprod).toHaveLength(1000);
    for (const t of [0, 1, 250, 500, 900]) expect(alphasCumprod[t]).toBeCloseTo(signal((t + 1) / 1000) / signal(0), 5);
  });

  it("gives the timesteps that the model's own sampler visits", () => {
    expect(scheduleOf(info).timesteps).toEqual([999, 799, 599, 399, 199]);
  });

  it('gives those of another sampler and number of steps', () => {
    expect(scheduleOf(info, { sampler: 'dpm++', numInferenceSteps: 4 }).timesteps).toEqual([999, 749, 499, 249]);
    const leading = { ...info, scheduler: { ...scheduler, timestepSpacing: 'leading' as const } };
    expect(scheduleOf(leading, { sampler: 'ddpm', numInferenceSteps: 4 }).timesteps).toEqual([750, 500, 250, 0]);
  });

  it('gives the last ones at a strength', () => {
    expect(scheduleOf(info, { strength: 0.4 }).timesteps).toEqual([399, 199]);
    expect(scheduleOf(info, { strength: 0 }).timesteps).toEqual([]);
  });

  it('gives the last ones of a picture that begins with another, at the strength that it has unless told otherwise', () => {
    const [image, mask] = [new Uint8Array(4), new Uint8Array(1)];
    expect(scheduleOf(info, { image }).timesteps).toEqual([799, 599, 399, 199]);
    expect(scheduleOf(info, { image, mask }).timesteps).toEqual([999, 799, 599, 399, 199]);
    expect(scheduleOf(info, { pipeline: 'cvae+ddpm' }).timesteps).toEqual([599, 399, 199]);
  });

  it('refuses what the schedule cannot do', () => {
    expect(() => scheduleOf(info, { numInferenceSteps: 1001 })).toThrow(/whole number from 1 to 1000/);
    expect(() => scheduleOf(info, { strength: 1.5 })).toThrow('strength is 1.5; expected 0 to 1');
    expect(() => scheduleOf(info, { sampler: 'heun' as never })).toThrow(/"heun" is unknown/);
  });
});
