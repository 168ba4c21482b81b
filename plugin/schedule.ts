import {
  createSampler,
  createSchedule,
  type ModelInfo,
  numStepsAt,
  type RecipeOptions,
  sampleDefaultsFor,
  usualStrength,
} from '../runtime/index.ts';

/** A model's noise schedule, and the timesteps at which a sampler visits it. */
export interface VisitedSchedule {
  /** ᾱ by training timestep: (T), the signal's share of the variance of xₜ, falling from 1 to 0. */
  readonly alphasCumprod: Float64Array;
  /**
   * The timestep of each step, descending; at a strength below 1 only the last ones. They are whole numbers, except for
   * Euler with linspace spacing.
   */
  readonly timesteps: readonly number[];
}

/**
 * The schedule along which a recipe's picture is denoised, for plots and for choosing a guidance interval.
 *
 *   const { alphasCumprod, timesteps } = scheduleOf(portraits.info, { sampler: 'ddim', numInferenceSteps: 20 });
 *
 * @throws RangeError for an unknown sampler, steps that the model's schedule cannot take, or a strength outside 0 … 1
 */
export function scheduleOf(
  info: Pick<ModelInfo, 'scheduler' | 'sampleDefaults' | 'student'>,
  recipe: Partial<RecipeOptions> = {},
): VisitedSchedule {
  const { scheduler } = info;
  const sampleDefaults = sampleDefaultsFor(recipe, info);
  const { numInferenceSteps = sampleDefaults.numInferenceSteps, strength = usualStrength(recipe) } = recipe;
  if (!(strength >= 0 && strength <= 1)) throw new RangeError(`scheduleOf: strength is ${strength}; expected 0 to 1`);
  const name = recipe.sampler ?? sampleDefaults.sampler;
  const sampler = createSampler(name, scheduler, { numInferenceSteps });
  const timesteps = sampler.timesteps.slice(numInferenceSteps - numStepsAt(strength, numInferenceSteps));
  sampler.dispose();
  return { alphasCumprod: createSchedule(scheduler).alphasCumprod, timesteps };
}
