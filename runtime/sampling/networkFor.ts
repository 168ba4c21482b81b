// Which of the networks that are loaded makes the picture of a recipe.
import type { Recipe } from '../recipe/recipe.ts';
import { entryForTeacher } from '../recipe/student.ts';
import type { Networks } from './completeAll.ts';
import type { DiffusionModel } from './model.ts';

/**
 * The student of a distilled model, or its teacher where the student can't do what the recipe says.
 *
 * @throws RangeError when it is not loaded
 */
export function diffusionModelFor(
  recipe: Recipe,
  { model, teacher }: Pick<Networks, 'model' | 'teacher'>,
): DiffusionModel {
  const own = loaded(model);
  if (entryForTeacher(recipe, own.index.figment) === null) return own;
  if (teacher) return teacher;
  const { stepCounts, guidanceScale } = own.index.figment.student!;
  throw new RangeError(
    `generate: this recipe is for the teacher of ${own.index.figment.name}, which is not loaded; give it as "teacher" (createTeacher), or ask for ${stepCounts.join(', ')} steps of ddim alone, with a guidanceScale from ${guidanceScale.join(' to ')}`,
  );
}

/** A network of the pipeline that a recipe names. @throws RangeError when it is not loaded */
export function loaded<Network>(network: Network | null | undefined): Network {
  if (network) return network;
  throw new RangeError('generate: a network of this pipeline is not loaded; load it before its recipes');
}
