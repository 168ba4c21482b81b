import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { PIPELINE_NAMES, type RecipeModel } from '../recipe/recipe.ts';

/** What recipes have to know of a model of pictures of 4 × 2 pixels; it needs no weights. */
export const RECIPE_MODEL: RecipeModel = {
  name: 'tiny',
  labels: ['elf', 'orc'],
  widthPx: 4,
  heightPx: 2,
  circularPadding: false,
  sampleDefaults: { guidanceScale: 2, numInferenceSteps: 20, sampler: 'dpm++' },
  scheduler: parseSchedulerConfig({ _class_name: 'DDIMScheduler', timestep_spacing: 'trailing' }, 'scheduler'),
  pipelines: PIPELINE_NAMES,
};
