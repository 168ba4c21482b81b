/**
 * The typed view of a diffusers `scheduler_config.json`: what is missing gets diffusers' default. A model is trained with
 * betas and a prediction type, and those must be known here; how a scheduler steps is a choice, for which ours stands in.
 */
import * as v from 'valibot';
import { quote, shortened } from '../core/errors.ts';
import { MAX_TIMESTEPS, type SamplerName } from '../core/samplingBounds.ts';
import { isObject } from '../core/untrustedJson.ts';

const TIMESTEP_SPACINGS = ['leading', 'linspace', 'trailing'] as const;
const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
export const PREDICTION_TYPES = ['epsilon', 'v_prediction', 'sample'] as const;
const VARIANCE_TYPES = ['fixed_small', 'fixed_large'] as const;
const FINAL_SIGMAS_TYPES = ['zero', 'sigma_min'] as const;

export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];
type BetaSchedule = (typeof BETA_SCHEDULES)[number];
export type PredictionType = (typeof PREDICTION_TYPES)[number];
export type VarianceType = (typeof VARIANCE_TYPES)[number];

/** Which sampler runs a diffusers scheduler, and the defaults in which the four classes differ. */
const CLASSES = {
  DDPMScheduler: { sampler: 'ddpm', clipSample: true, timestepSpacing: 'leading' },
  DDIMScheduler: { sampler: 'ddim', clipSample: true, timestepSpacing: 'leading' },
  DPMSolverMultistepScheduler: { sampler: 'dpm++', clipSample: false, timestepSpacing: 'linspace' },
  EulerDiscreteScheduler: { sampler: 'euler', clipSample: false, timestepSpacing: 'linspace' },
} as const;

type SchedulerClass = keyof typeof CLASSES;

/**
 * The options of a scheduler under diffusers' names, in camel case: `num_train_timesteps` is `numTrainTimesteps`, and `_class_name`
 * is `className`.
 */
export interface SchedulerConfig {
  className: SchedulerClass;
  numTrainTimesteps: number; // T, a whole number from 2 to MAX_TIMESTEPS
  betaStart: number; // 0 … 1
  betaEnd: number; // 0 … 1
  betaSchedule: BetaSchedule; // 'squaredcos_cap_v2' has no start and end
  trainedBetas: readonly number[] | null; // (T), 0 … 1, instead of betaSchedule
  predictionType: PredictionType;
  rescaleBetasZeroSnr: boolean; // changes the betas so that alphaBar ends at 0
  timestepSpacing: TimestepSpacing; // see `timesteps`
  stepsOffset: number; // added to each timestep of 'leading', a whole number, 0 or more
  clipSample: boolean; // DDPM and DDIM: clips x0Pred to ± clipSampleRange
  clipSampleRange: number; // above 0
  setAlphaToOne: boolean; // DDIM: alphaBar before t = 0 is 1, else alphasCumprod[0]
  varianceType: VarianceType; // DDPM
  solverOrder: 1 | 2; // DPM-Solver++
  lowerOrderFinal: boolean; // DPM-Solver++: first order in the last of fewer than 15 steps
  eulerAtFinal: boolean; // DPM-Solver++: first order in the last step
  finalSigmasType: 'zero' | 'sigma_min'; // DPM-Solver++ and Euler: sigma after the last step
}

/** Stands in for the schedulers of diffusers that no sampler here is like. */
const STAND_IN: SchedulerClass = 'DDIMScheduler';

type OffValues = Readonly<Record<string, readonly unknown[]>>;

/** Options that change what the network is asked, with the values which mean "off" (null and a missing key do too). */
const UNSUPPORTED: OffValues = {
  use_flow_sigmas: [false],
  timestep_type: ['discrete'],
};

/** Options of how to step that no sampler here has, in the same way. */
const PASSED_OVER: OffValues = {
  thresholding: [false],
  use_karras_sigmas: [false],
  use_exponential_sigmas: [false],
  use_beta_sigmas: [false],
  use_lu_lambdas: [false],
  algorithm_type: ['dpmsolver++'],
  solver_type: ['midpoint'],
  solver_order: [1, 2],
  interpolation_type: ['linear'],
  lambda_min_clipped: [Number.NEGATIVE_INFINITY, '-Infinity'],
};

const wholeNumber = (least: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(MAX_TIMESTEPS));
/** The least noise of a timestep: with less the signal's share would be rounded to 1, and samplers divide nothing by nothing. */
const MIN_BETA = 2 ** -24;
const beta = v.pipe(v.number(), v.minValue(MIN_BETA), v.maxValue(1));

const SCHEMA = v.object({
  num_train_timesteps: v.nullish(wholeNumber(2), 1000),
  beta_start: v.nullish(beta, 0.0001),
  beta_end: v.nullish(beta, 0.02),
  beta_schedule: v.nullish(v.picklist(BETA_SCHEDULES), 'linear'),
  trained_betas: v.nullish(v.array(beta), null),
  prediction_type: v.nullish(v.picklist(PREDICTION_TYPES), 'epsilon'),
  rescale_betas_zero_snr: v.nullish(v.boolean(), false),
  timestep_spacing: v.nullish(v.picklist(TIMESTEP_SPACINGS)),
  steps_offset: v.nullish(wholeNumber(0), 0),
  clip_sample: v.nullish(v.boolean()),
  clip_sample_range: v.nullish(v.pipe(v.number(), v.gtValue(0)), 1),
  set_alpha_to_one: v.nullish(v.boolean(), true),
  // The log of fixed_small is taken back by an exponential in diffusers: the same numbers.
  variance_type: v.nullish(v.picklist([...VARIANCE_TYPES, 'fixed_small_log']), 'fixed_small'),
  solver_order: v.fallback(v.nullish(v.picklist([1, 2]), 2), 2),
  lower_order_final: v.nullish(v.boolean(), true),
  euler_at_final: v.nullish(v.boolean(), false),
  final_sigmas_type: v.nullish(v.picklist(FINAL_SIGMAS_TYPES), 'zero'),
});

/**
 * Checks a parsed `scheduler_config.json` and fills in diffusers' defaults, which depend on `_class_name`. Of a scheduler
 * that no sampler here is like, betas, prediction type and spacing are taken.
 *
 * @param json     the parsed file
 * @param fileName named in errors and notes
 * @param onNote   told which scheduler or option ours stand in for
 * @throws         Error naming the option when it is malformed, or no model here can have been trained so
 */
export function parseSchedulerConfig(
  json: unknown,
  fileName: string,
  onNote: (note: string) => void = () => {},
): SchedulerConfig {
  const fields = assertObject(json, fileName);
  const className = parseClassName(fields, fileName, onNote);
  refuseUnsupported(fields, fileName);
  if (fields._class_name === className) notePassedOver(fields, fileName, onNote);
  const result = v.safeParse(SCHEMA, fields, { abortEarly: true });
  if (!result.success) throw schemaError(result.issues[0], fileName);
  const options = result.output;
  assertNumBetas(options.trained_betas, options.num_train_timesteps, fileName);
  return {
    className,
    numTrainTimesteps: options.num_train_timesteps,
    betaStart: options.beta_start,
    betaEnd: options.beta_end,
    betaSchedule: options.beta_schedule,
    trainedBetas: options.trained_betas,
    predictionType: options.prediction_type,
    rescaleBetasZeroSnr: options.rescale_betas_zero_snr,
    timestepSpacing: options.timestep_spacing ?? CLASSES[className].timestepSpacing,
    stepsOffset: options.steps_offset,
    clipSample: options.clip_sample ?? (fields._class_name === className && CLASSES[className].clipSample),
    clipSampleRange: options.clip_sample_range,
    setAlphaToOne: options.set_alpha_to_one,
    varianceType: options.variance_type === 'fixed_large' ? 'fixed_large' : 'fixed_small',
    solverOrder: options.solver_order,
    lowerOrderFinal: options.lower_order_final,
    eulerAtFinal: options.euler_at_final,
    finalSigmasType: options.final_sigmas_type,
  };
}

/** The inverse of `parseSchedulerConfig`: an object to write as `scheduler_config.json`, which diffusers can load. */
export function formatSchedulerConfig(config: SchedulerConfig): Record<string, unknown> {
  const common = {
    _class_name: config.className,
    num_train_timesteps: config.numTrainTimesteps,
    beta_start: config.betaStart,
    beta_end: config.betaEnd,
    beta_schedule: config.betaSchedule,
    trained_betas: config.trainedBetas,
    prediction_type: config.predictionType,
    rescale_betas_zero_snr: config.rescaleBetasZeroSnr,
    timestep_spacing: config.timestepSpacing,
    steps_offset: config.stepsOffset,
  };
  return { ...common, ...formatClassOptions(config) };
}

/** The sampler that runs the scheduler class of a config. */
export function samplerNameOf(config: SchedulerConfig): SamplerName {
  return CLASSES[config.className].sampler;
}

/** The keys which only some classes have; diffusers warns about any other. */
function formatClassOptions(config: SchedulerConfig): Record<string, unknown> {
  const clip = { clip_sample: config.clipSample, clip_sample_range: config.clipSampleRange };
  const finalSigmas = { final_sigmas_type: config.finalSigmasType };
  switch (samplerNameOf(config)) {
    case 'ddpm':
      return { ...clip, variance_type: config.varianceType };
    case 'ddim':
      return { ...clip, set_alpha_to_one: config.setAlphaToOne };
    case 'euler':
      return finalSigmas;
    case 'dpm++':
      return {
        ...finalSigmas,
        algorithm_type: 'dpmsolver++',
        solver_type: 'midpoint',
        solver_order: config.solverOrder,
        lower_order_final: config.lowerOrderFinal,
        euler_at_final: config.eulerAtFinal,
      };
  }
}

function assertObject(json: unknown, fileName: string): Record<string, unknown> {
  if (isObject(json)) return json;
  throw new Error(`parseSchedulerConfig: ${fileName} holds no object; expected a diffusers scheduler_config.json`);
}

/** A scheduler without betas, such as those of flow matching, is of another kind of model. */
function parseClassName(
  fields: Record<string, unknown>,
  fileName: string,
  onNote: (note: string) => void,
): SchedulerClass {
  const { _class_name: className, beta_schedule, trained_betas } = fields;
  if (typeof className === 'string' && Object.hasOwn(CLASSES, className)) return className as SchedulerClass;
  if (typeof className !== 'string' || (beta_schedule ?? trained_betas) === undefined) {
    throw optionError(fileName, '_class_name', className, Object.keys(CLASSES));
  }
  onNote(
    `${fileName}: ${quote(className)} is none of ours; its betas, prediction type and spacing are taken, and pictures are made by our own samplers`,
  );
  return STAND_IN;
}

function valuesBeyond(fields: Record<string, unknown>, offValues: OffValues): [option: string, value: unknown][] {
  return Object.entries(offValues)
    .map(([option, accepted]): [string, unknown] => [option, fields[option] ?? accepted[0]])
    .filter(([option, value]) => !offValues[option]!.includes(value));
}

function refuseUnsupported(fields: Record<string, unknown>, fileName: string): void {
  for (const [option, value] of valuesBeyond(fields, UNSUPPORTED)) {
    throw optionError(fileName, option, value, UNSUPPORTED[option]!.slice(0, 1));
  }
}

function notePassedOver(fields: Record<string, unknown>, fileName: string, onNote: (note: string) => void): void {
  for (const [option, value] of valuesBeyond(fields, PASSED_OVER)) {
    onNote(`${fileName}: no sampler here has ${option} ${quote(value)}; pictures are made without it`);
  }
}

function assertNumBetas(betas: readonly number[] | null, numTrainTimesteps: number, fileName: string): void {
  if (betas === null || betas.length === numTrainTimesteps) return;
  throw new Error(
    `parseSchedulerConfig: ${fileName}: "trained_betas" has ${betas.length} values; expected num_train_timesteps = ` +
      `${numTrainTimesteps}`,
  );
}

function optionError(fileName: string, option: string, value: unknown, supported: readonly unknown[]): Error {
  return new Error(
    `parseSchedulerConfig: ${fileName}: "${option}" is ${value === undefined ? 'missing' : quote(value)}, which is not supported; ` +
      `expected ${supported.join(', ')}; save the model with a scheduler that needs no other`,
  );
}

function schemaError(issue: v.InferIssue<typeof SCHEMA>, fileName: string): Error {
  const option = v.getDotPath(issue) ?? '';
  const expected = issue.expected?.replace(/ \| null \| undefined|[()]|\| undefined|\| null/g, '') ?? 'a whole number';
  return new Error(
    `parseSchedulerConfig: ${fileName}: "${option}" is ${shortened(issue.received, 80)}; expected ${expected}; ` +
      'correct the file or save the model with a supported scheduler',
  );
}
