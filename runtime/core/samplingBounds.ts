// What sampling can be asked for, by recipes as by the defaults of models: names, and the ends of ranges.

/** The samplers, by name. */
export const SAMPLER_NAMES = ['ddpm', 'ddim', 'dpm++', 'euler'] as const;
export type SamplerName = (typeof SAMPLER_NAMES)[number];

/** The largest guidance scale; the least is 0. */
export const MAX_GUIDANCE_SCALE = 20;

/** The most denoising steps of a picture; the fewest are 1. */
export const MAX_INFERENCE_STEPS = 1000;

/** The most timesteps of a schedule, of which T values are computed for every sampler; no model has more than a few thousand. */
export const MAX_TIMESTEPS = 100_000;

/** How strongly a classifier steers at most, to a label or, below 0, away from it. */
export const MAX_CLASSIFIER_SCALE = 100;

/** How often each step of a repainted part is made, at most. */
export const MAX_RESAMPLES = 100;

/** The width and height of a picture at most. */
export const MAX_SIDE_PX = 2048;
