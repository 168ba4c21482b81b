// What sampling can be asked for, by recipes as by the defaults of models: names, and the ends of ranges.

/** The samplers, by name. */
export const SAMPLER_NAMES = ['ddpm', 'ddim', 'dpm++', 'euler'] as const;

/** The largest guidance scale; the least is 0. */
export const MAX_GUIDANCE_SCALE = 20;

/** The most denoising steps of a picture; the fewest are 1. */
export const MAX_INFERENCE_STEPS = 1000;
