// A distilled model makes pictures by its student, in few steps of one pass each; what the student has not learned, its teacher
// does.
import { usualStrength } from './defaults.ts';
import type { Recipe, RecipeModel, RecipeOptions, SamplingOptions } from './recipe.ts';

/** The entries that say how a picture is sampled. */
type Asked = Pick<
  SamplingOptions,
  | 'numInferenceSteps'
  | 'sampler'
  | 'eta'
  | 'guidanceScale'
  | 'guidanceInterval'
  | 'guidanceRescale'
  | 'classifier'
  | 'classifierScale'
  | 'pipeline'
> &
  Pick<RecipeOptions, 'image' | 'mask' | 'strength'>;

/** The sampler whose steps a student takes, and that may add noise to them. */
const DDIM = 'ddim';

/**
 * The entry of a recipe that a model's student can't do; null where it can do all, and of a model that is no student.
 * Whether steps are given or are the model's defaults is the same: a complete recipe gives the same answer as what was asked, unless the
 * teacher's own steps are some that the student takes, too.
 */
export function entryForTeacher(
  asked: Asked,
  { student, sampleDefaults }: Pick<RecipeModel, 'student' | 'sampleDefaults'>,
): keyof Asked | null {
  if (!student || asked.pipeline === 'cvae') return null;
  const { numInferenceSteps, sampler = DDIM, eta = 0, guidanceScale } = asked;
  const [least, most] = student.guidanceScale;
  if (numInferenceSteps !== undefined && !student.stepCounts.includes(numInferenceSteps)) return 'numInferenceSteps';
  if (sampler !== DDIM) return 'sampler';
  if (eta > 0) return 'eta';
  if (guidanceScale !== undefined && !(guidanceScale >= least && guidanceScale <= most)) return 'guidanceScale';
  if (asked.guidanceInterval) return 'guidanceInterval';
  if (asked.guidanceRescale) return 'guidanceRescale';
  if (asked.classifier !== undefined && asked.classifierScale !== 0) return 'classifier';
  const isCoarse = asked.image !== undefined && numInferenceSteps === undefined;
  return isCoarse && !takesWholeSteps(asked, sampleDefaults.numInferenceSteps) ? 'strength' : null;
}

/** Whether as many steps as the strength asks for are a whole number of them: of the few of a student, few strengths are. */
function takesWholeSteps(asked: Asked, numInferenceSteps: number): boolean {
  const { strength = usualStrength(asked) } = asked;
  const numSteps = strength * numInferenceSteps;
  return Math.abs(numSteps - Math.round(numSteps)) < 1e-6;
}

/** How a model samples what is asked of it, unless told otherwise: the teacher in its own way, and noise of DDIM by DDIM. */
export function sampleDefaultsFor(
  asked: Asked,
  model: Pick<RecipeModel, 'student' | 'sampleDefaults'>,
): RecipeModel['sampleDefaults'] {
  const defaults = entryForTeacher(asked, model) === null ? model.sampleDefaults : model.student!.teacher;
  return asked.eta ? { ...defaults, sampler: DDIM } : defaults;
}

/** The recipe as the teacher goes in its own steps, where the student would make the picture; else the recipe itself. */
export function recipeForTeacher(recipe: Recipe, model: Pick<RecipeModel, 'student' | 'sampleDefaults'>): Recipe {
  if (!model.student || entryForTeacher(recipe, model) !== null) return recipe;
  return { ...recipe, ...model.student.teacher, guidanceScale: recipe.guidanceScale } as Recipe;
}
