import { describe, expect, it } from 'vitest';
import { readJsonFixture } from '../../scripts/testing/fixtures.ts';
import { alphaBar, alphaBarAt, alphaBarOf, createSchedule, sigmaOf, sigmasAt, trainedAlphaBar } from './schedule.ts';
import { parseSchedulerConfig } from './schedulerConfig.ts';

const schedule = (fields: object = {}) =>
  createSchedule(parseSchedulerConfig({ _class_name: 'DDIMScheduler', ...fields }, 'test'));

const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;

describe('createSchedule', () => {
  it.each(BETA_SCHEDULES)('gives the betas and alphasCumprod of diffusers for %s', (name) => {
    const expected =
      readJsonFixture<Record<string, { betas: number[]; alphas_cumprod: number[] }>>('schedules.json')[name]!;
    const { betas, alphasCumprod } = schedule({ beta_schedule: name });
    expect(Array.from(betas)).toEqual(expected.betas);
    expect(Array.from(alphasCumprod)).toEqual(expected.alphas_cumprod);
  });

  it('takes trained betas as they are', () => {
    const { betas, alphasCumprod } = schedule({ num_train_timesteps: 3, trained_betas: [0.125, 0.25, 0.5] });
    expect(Array.from(betas)).toEqual([0.125, 0.25, 0.5]);
    expect(Array.from(alphasCumprod)).toEqual([0.875, 0.65625, 0.328125]);
  });

  it.each(BETA_SCHEDULES)('rescales %s to zero terminal SNR by an affine map of sqrt(alphaBar)', (name) => {
    const plain = schedule({ beta_schedule: name }).alphasCumprod.map(Math.sqrt);
    const { betas, alphasCumprod } = schedule({ beta_schedule: name, rescale_betas_zero_snr: true });
    const [first, last] = [plain[0]!, plain[999]!];
    expect(alphasCumprod[999]).toBe(0);
    expect(betas[999]).toBe(1);
    for (let t = 0; t < 1000; t++) {
      const expected = ((plain[t]! - last) * first) / (first - last);
      expect(Math.abs(Math.sqrt(alphasCumprod[t]!) - expected)).toBeLessThan(3e-6);
    }
  });
});

it('is refused where there is nothing to scale', () => {
  const same = { beta_start: 1, beta_end: 1, rescale_betas_zero_snr: true, prediction_type: 'v_prediction' };
  expect(() => schedule(same)).toThrow('all timesteps have as much noise; expected betas that grow');
});

describe('alphaBar', () => {
  it('is 1 before t = 0, or alphasCumprod[0] without set_alpha_to_one', () => {
    expect(alphaBar(schedule(), -1)).toBe(1);
    const kept = schedule({ set_alpha_to_one: false });
    expect(alphaBar(kept, -143)).toBe(kept.alphasCumprod[0]);
  });

  it('is the stored value at a timestep', () => {
    expect(alphaBar(schedule(), 999)).toBeCloseTo(4.0358e-5, 8); // Ho et al. 2020: the linear schedule ends near 4e-5
  });

  it.each([1000, 0.5, Number.NaN])('refuses t = %d', (t) => {
    expect(() => alphaBar(schedule(), t)).toThrow(/alphaBar: t is .*; expected a whole number from 0 to 999/);
  });

  it('has no value before t = 0 in training', () => {
    expect(() => trainedAlphaBar(schedule(), -1)).toThrow(RangeError);
  });
});

const euler = createSchedule(parseSchedulerConfig({ _class_name: 'EulerDiscreteScheduler' }, 'test'));

describe('sigmas', () => {
  it('are the ratio of noise to signal', () => {
    expect(sigmaOf(0.5)).toBe(1);
    expect(sigmaOf(0.2)).toBeCloseTo(2, 12);
    expect(sigmaOf(0)).toBeCloseTo(4096, 0); // alphaBar 2^-24, as in diffusers
  });

  it('say how much of the variance is the signal', () => {
    expect(alphaBarOf(0)).toBe(1);
    expect(alphaBarOf(1)).toBe(0.5);
    for (const sigma of [0.01, 2, 80]) expect(sigmaOf(alphaBarOf(sigma)) / sigma).toBeCloseTo(1, 9);
  });

  it('interpolate between timesteps and end at zero or sigma_min', () => {
    const at = (t: number) => sigmaOf(alphaBar(euler, t));
    expect(sigmasAt(euler, [999, 832.5, 7], 'zero')).toEqual([at(999), (at(832) + at(833)) / 2, at(7), 0]);
    expect(sigmasAt(euler, [7], 'sigma_min')).toEqual([at(7), at(0)]);
  });

  it('tell alphaBar between timesteps, too', () => {
    expect(alphaBarAt(euler, 832)).toBe(alphaBar(euler, 832));
    const [sigma] = sigmasAt(euler, [832.25], 'zero');
    expect(sigmaOf(alphaBarAt(euler, 832.25))).toBeCloseTo(sigma!, 12);
  });
});
