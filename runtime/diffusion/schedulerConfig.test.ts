import { describe, expect, it } from 'vitest';
import { formatSchedulerConfig, parseSchedulerConfig, samplerNameOf } from './schedulerConfig.ts';

const FILE = 'scheduler/scheduler_config.json';
const parse = (fields: object) => parseSchedulerConfig({ _class_name: 'DDIMScheduler', ...fields }, FILE);

describe('parseSchedulerConfig', () => {
  it.each([
    { className: 'DDPMScheduler', sampler: 'ddpm', spacing: 'leading', clipSample: true },
    { className: 'DDIMScheduler', sampler: 'ddim', spacing: 'leading', clipSample: true },
    { className: 'DPMSolverMultistepScheduler', sampler: 'dpm++', spacing: 'linspace', clipSample: false },
    { className: 'EulerDiscreteScheduler', sampler: 'euler', spacing: 'linspace', clipSample: false },
  ])("takes diffusers' defaults for $className", ({ className, sampler, spacing, clipSample }) => {
    const config = parseSchedulerConfig({ _class_name: className }, FILE);
    expect(samplerNameOf(config)).toBe(sampler);
    expect(config).toEqual({
      className,
      numTrainTimesteps: 1000,
      betaStart: 0.0001,
      betaEnd: 0.02,
      betaSchedule: 'linear',
      trainedBetas: null,
      predictionType: 'epsilon',
      rescaleBetasZeroSnr: false,
      timestepSpacing: spacing,
      stepsOffset: 0,
      clipSample,
      clipSampleRange: 1,
      setAlphaToOne: true,
      varianceType: 'fixed_small',
      solverOrder: 2,
      lowerOrderFinal: true,
      eulerAtFinal: false,
      finalSigmasType: 'zero',
    });
  });

  it('takes null for missing, and ignores keys that change nothing', () => {
    const config = parse({ trained_betas: null, variance_type: null, sample_max_value: 1, thresholding: false });
    expect(config).toEqual(parse({}));
  });

  it('takes fixed_small_log for fixed_small, which gives the same numbers', () => {
    expect(parse({ variance_type: 'fixed_small_log' }).varianceType).toBe('fixed_small');
  });

  it.each([
    [{ use_flow_sigmas: true }, /"use_flow_sigmas" is true, which is not supported; expected false/],
    [{ timestep_type: 'continuous' }, /"timestep_type" is "continuous"/],
    [{ variance_type: 'learned_range' }, /"variance_type" is "learned_range"; expected "fixed_small" \| "fixed_large"/],
    [{ variance_type: 'fixed_large_log' }, /"variance_type" is "fixed_large_log"/],
    [{ beta_schedule: 'sigmoid' }, /"beta_schedule" is "sigmoid"; expected "linear" \| "scaled_linear"/],
    [{ prediction_type: 'flow_prediction' }, /"prediction_type" is "flow_prediction"/],
    [{ timestep_spacing: 'even' }, /"timestep_spacing" is "even"/],
    [{ num_train_timesteps: 0 }, /"num_train_timesteps" is 0; expected >=2/],
    [{ steps_offset: 1.5 }, /"steps_offset" is 1.5; expected a whole number/],
    [{ clip_sample: 'yes' }, /"clip_sample" is "yes"; expected boolean/],
    [{ beta_start: 0 }, /"beta_start" is 0; expected >=5.96/],
    [{ trained_betas: [0, 0.1] }, /"trained_betas.0" is 0; expected >=5.96/],
    [{ trained_betas: [0.1, 'x'] }, /"trained_betas.1" is "x"; expected number/],
    [{ trained_betas: [0.1, 0.2] }, /"trained_betas" has 2 values; expected num_train_timesteps = 1000/],
    [{ _class_name: 'FlowMatchEulerDiscreteScheduler' }, /"_class_name" is "FlowMatch.*; expected DDPMScheduler, DDIM/],
    [{ _class_name: 'toString' }, /"_class_name" is "toString"/],
    [{ _class_name: 7, beta_schedule: 'linear' }, /"_class_name" is 7/],
    [{ _class_name: undefined }, /"_class_name" is missing/],
  ])('refuses %o and names the option and the file', (fields, message) => {
    expect(() => parse(fields)).toThrow(message);
    expect(() => parse(fields)).toThrow(/^parseSchedulerConfig: scheduler\/scheduler_config\.json: "/);
  });

  it.each([
    { thresholding: true },
    { use_karras_sigmas: true },
    { use_exponential_sigmas: true },
    { use_beta_sigmas: true },
    { use_lu_lambdas: true },
    { algorithm_type: 'sde-dpmsolver++' },
    { solver_type: 'heun' },
    { solver_order: 3 },
    { interpolation_type: 'log_linear' },
    { lambda_min_clipped: -5.1 },
  ])('passes over %o, a way to step that is none of ours, and says so', (fields) => {
    const notes: string[] = [];
    const json = { _class_name: 'DDIMScheduler', ...fields };
    expect(parseSchedulerConfig(json, FILE, (note) => notes.push(note))).toEqual(parse({}));
    const [[option, value]] = Object.entries(fields) as [[string, unknown]];
    expect(notes).toEqual([
      `${FILE}: no sampler here has ${option} ${JSON.stringify(value)}; pictures are made without it`,
    ]);
  });

  it.each(['PNDMScheduler', 'UniPCMultistepScheduler', 'HeunDiscreteScheduler', 'LCMScheduler', 'SomethingNew'])(
    'takes what a model was trained with from %s, and leaves the steps to ours',
    (className) => {
      const notes: string[] = [];
      const trained = { beta_schedule: 'scaled_linear', beta_end: 0.012, prediction_type: 'v_prediction' };
      const json = { _class_name: className, ...trained, timestep_spacing: 'linspace', solver_type: 'bh2' };
      const config = parseSchedulerConfig(json, FILE, (note) => notes.push(note));
      expect(config).toEqual({ ...parse({ ...trained, timestep_spacing: 'linspace' }), clipSample: false });
      expect(notes).toEqual([expect.stringContaining(`${FILE}: "${className}" is none of ours; its betas,`)]);
      expect(parseSchedulerConfig({ ...json, clip_sample: true }, FILE).clipSample).toBe(true);
    },
  );

  it.each([null, [], 'text', 3])('refuses %o, which is no object', (json) => {
    expect(() => parseSchedulerConfig(json, FILE)).toThrow(
      /holds no object; expected a diffusers scheduler_config.json/,
    );
  });
});

describe('formatSchedulerConfig', () => {
  it.each([
    { _class_name: 'DDPMScheduler', variance_type: 'fixed_large', clip_sample_range: 3, clip_sample: true },
    { _class_name: 'DDIMScheduler', set_alpha_to_one: false, rescale_betas_zero_snr: true, clip_sample: false },
    { _class_name: 'DPMSolverMultistepScheduler', solver_order: 1, lower_order_final: false, euler_at_final: true },
    { _class_name: 'EulerDiscreteScheduler', final_sigmas_type: 'sigma_min', steps_offset: 1 },
    { _class_name: 'DDIMScheduler', num_train_timesteps: 2, trained_betas: [0.1, 0.2] },
  ])('writes what parseSchedulerConfig reads: %o', (fields) => {
    const config = parse({ beta_schedule: 'scaled_linear', prediction_type: 'v_prediction', ...fields });
    const json = JSON.parse(JSON.stringify(formatSchedulerConfig(config)));
    expect(json).toMatchObject(fields);
    expect(parseSchedulerConfig(json, FILE)).toEqual(config);
  });
});
