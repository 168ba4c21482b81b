// A distilled model makes pictures by its student, in few steps of one pass each; what the student has not learned, its teacher
// does.
import type { Recipe, RecipeModel, SamplingOptions } from './recipe.ts';

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
>;

/** The sampler whose steps a student takes. */
const STUDENT_SAMPLER = 'ddim';

/**
 * The entry of a recipe that a model's student can't do; null where it can do all, and of a model that is no student.
 * Whether steps are given or are the model's defaults is the same: a complete recipe gives the same answer as what was asked.
 */
export function entryForTeacher(asked: Asked, { student }: Pick<RecipeModel, 'student'>): keyof Asked | null {
  if (!student || asked.pipeline === 'cvae') return null;
  const { numInferenceSteps, sampler = STUDENT_SAMPLER, eta = 0, guidanceScale } = asked;
  const [least, most] = student.guidanceScale;
  if (numInferenceSteps !== undefined && !student.stepCounts.includes(numInferenceSteps)) return 'numInferenceSteps';
  if (sampler !== STUDENT_SAMPLER) return 'sampler';
  if (eta > 0) return 'eta';
  if (guidanceScale !== undefined && !(guidanceScale >= least && guidanceScale <= most)) return 'guidanceScale';
  if (asked.guidanceInterval) return 'guidanceInterval';
  if (asked.guidanceRescale) return 'guidanceRescale';
  return asked.classifier !== undefined && asked.classifierScale !== 0 ? 'classifier' : null;
}

/** How a model samples what is asked of it, unless told otherwise: the teacher in its own way. */
export function sampleDefaultsFor(
  asked: Asked,
  model: Pick<RecipeModel, 'student' | 'sampleDefaults'>,
): RecipeModel['sampleDefaults'] {
  return entryForTeacher(asked, model) === null ? model.sampleDefaults : model.student!.teacher;
}

/** The recipe as the teacher goes in its own steps, where the student would make the picture; else the recipe itself. */
export function recipeForTeacher(recipe: Recipe, model: Pick<RecipeModel, 'student'>): Recipe {
  if (!model.student || entryForTeacher(recipe, model) !== null) return recipe;
  return { ...recipe, ...model.student.teacher, guidanceScale: recipe.guidanceScale } as Recipe;
}
