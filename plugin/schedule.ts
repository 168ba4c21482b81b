import { createSampler, createSchedule, type ModelInfo, numStepsAt, type RecipeOptions } from '../runtime/index.ts';

/** What a model's noise schedule looks like, and where a sampler visits it. */
export interface VisitedSchedule {
  /** The signal's share of the variance of xt, falling from 1 to 0: (T), by training timestep. */
  readonly alphasCumprod: Float64Array;
  /** Where the network is asked, descending, one for each step (at a strength, the last ones); whole numbers but for Euler with linspace spacing. */
  readonly timesteps: readonly number[];
}

/**
 * The schedule that a recipe's picture is denoised along, for plots and for choosing a guidance interval.
 *
 *   const { alphasCumprod, timesteps } = scheduleOf(portraits.info, { sampler: 'ddim', numInferenceSteps: 20 });
 *
 * @throws RangeError for an unknown sampler, or steps that the model's schedule cannot take
 */
export function scheduleOf(
  { scheduler, sampleDefaults }: Pick<ModelInfo, 'scheduler' | 'sampleDefaults'>,
  recipe: Pick<RecipeOptions, 'sampler' | 'numInferenceSteps' | 'strength'> = {},
): VisitedSchedule {
  const { numInferenceSteps = sampleDefaults.numInferenceSteps, strength = 1 } = recipe;
  const name = recipe.sampler ?? (sampleDefaults.sampler as NonNullable<RecipeOptions['sampler']>);
  const sampler = createSampler(name, scheduler, { numInferenceSteps });
  const timesteps = sampler.timesteps.slice(numInferenceSteps - numStepsAt(strength, numInferenceSteps));
  sampler.dispose();
  return { alphasCumprod: createSchedule(scheduler).alphasCumprod, timesteps };
}
