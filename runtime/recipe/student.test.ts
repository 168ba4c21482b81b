import { describe, expect, it } from 'vitest';
import { RECIPE_MODEL } from '../testing/recipeModel.ts';
import { changeRecipe, shortRecipe, withoutDefaults } from './change.ts';
import { completeRecipe } from './complete.ts';
import type { RecipeModel, RecipeOptions } from './recipe.ts';
import { entryForTeacher, recipeForTeacher } from './student.ts';

const MODEL: RecipeModel = {
  ...RECIPE_MODEL,
  sampleDefaults: { sampler: 'ddim', numInferenceSteps: 4, guidanceScale: 2 },
  student: {
    stepCounts: [1, 2, 4],
    guidanceScale: [1, 5],
    teacher: { sampler: 'dpm++', numInferenceSteps: 20, guidanceScale: 3 },
  },
};
const CLASSIFIERS = new Map([['hat', { labels: ['hat', 'no_hat'] }]]);
const IMAGE = new Uint8Array(4 * RECIPE_MODEL.widthPx * RECIPE_MODEL.heightPx);
const MASK = new Uint8Array(RECIPE_MODEL.widthPx * RECIPE_MODEL.heightPx);
const HAT = { classifier: 'hat', classifierLabel: 'hat' };
const complete = (options: Partial<RecipeOptions>) =>
  completeRecipe({ label: 'elf', seed: 7, ...options }, MODEL, CLASSIFIERS);

describe('a distilled model', () => {
  it.each<[Partial<RecipeOptions>, number, number]>([
    [{}, 4, 2],
    [{ numInferenceSteps: 1 }, 1, 2],
    [{ guidanceScale: 5, sampler: 'ddim', numInferenceSteps: 2 }, 2, 5],
    [{ guidanceScale: 1, eta: 0, guidanceRescale: 0 }, 4, 1],
    [{ pipeline: 'cvae+ddpm' }, 4, 2],
    [{ image: IMAGE }, 4, 2],
    [{ image: IMAGE, strength: 0.5 }, 4, 2],
    [{ image: IMAGE, strength: 0.8, numInferenceSteps: 4 }, 4, 2],
    [{ image: IMAGE, mask: MASK }, 4, 2],
    [{ ...HAT, classifierScale: 0 }, 4, 2],
  ])('makes %j by its student', (options, numInferenceSteps, guidanceScale) => {
    const recipe = complete(options);
    expect(recipe).toMatchObject({ sampler: 'ddim', numInferenceSteps, guidanceScale });
    expect([entryForTeacher(options, MODEL), entryForTeacher(recipe, MODEL)]).toEqual([null, null]);
  });

  it.each<[keyof RecipeOptions, Partial<RecipeOptions>, object]>([
    ['numInferenceSteps', { numInferenceSteps: 8 }, { sampler: 'dpm++', numInferenceSteps: 8, guidanceScale: 3 }],
    ['sampler', { sampler: 'euler' }, { sampler: 'euler', numInferenceSteps: 20, guidanceScale: 3 }],
    ['guidanceScale', { guidanceScale: 0 }, { sampler: 'dpm++', numInferenceSteps: 20, guidanceScale: 0 }],
    ['guidanceScale', { guidanceScale: 5.1 }, { sampler: 'dpm++', numInferenceSteps: 20 }],
    ['guidanceInterval', { guidanceInterval: [0, 500] }, { sampler: 'dpm++', numInferenceSteps: 20 }],
    ['guidanceRescale', { guidanceRescale: 0.7 }, { sampler: 'dpm++', numInferenceSteps: 20 }],
    ['classifier', HAT, { sampler: 'dpm++', numInferenceSteps: 20 }],
    ['strength', { image: IMAGE, strength: 0.8 }, { sampler: 'dpm++', numInferenceSteps: 20, strength: 0.8 }],
    ['strength', { image: IMAGE, mask: MASK, strength: 0.9 }, { sampler: 'dpm++', numInferenceSteps: 20 }],
    ['eta', { sampler: 'ddim', eta: 1 }, { sampler: 'ddim', numInferenceSteps: 20 }],
    ['eta', { eta: 0.3 }, { sampler: 'ddim', numInferenceSteps: 20 }],
  ])('asks its teacher because of %s: %j', (entry, options, expected) => {
    const recipe = complete(options);
    expect(recipe).toMatchObject(expected);
    expect(entryForTeacher(options, MODEL)).toBe(entry);
    expect(entryForTeacher(recipe, MODEL), 'so does the complete recipe').not.toBeNull();
  });

  it.each<Partial<RecipeOptions>>([
    {},
    { numInferenceSteps: 2 },
    { numInferenceSteps: 20, guidanceScale: 2 },
    { guidanceScale: 7 },
    { guidanceInterval: [0, 500] },
    { image: IMAGE },
    { image: IMAGE, strength: 0.8 },
    { image: IMAGE, strength: 0.8, numInferenceSteps: 4 },
    { image: IMAGE, numInferenceSteps: 20 },
    { eta: 0.3 },
  ])('makes the same of a recipe that was shortened: %j', (options) => {
    const recipe = complete(options);
    expect(completeRecipe(shortRecipe(recipe, MODEL), MODEL)).toEqual(recipe);
  });

  it('has the teacher take its own steps when a recipe of the student changes', () => {
    const changed = (recipe: Partial<RecipeOptions>, changes: Partial<RecipeOptions>) =>
      completeRecipe(changeRecipe(withoutDefaults(complete(recipe), MODEL), changes), MODEL, CLASSIFIERS);
    expect(changed({}, HAT)).toMatchObject({ sampler: 'dpm++', numInferenceSteps: 20 });
    expect(changed({}, { guidanceScale: 4 })).toMatchObject({
      sampler: 'ddim',
      numInferenceSteps: 4,
      guidanceScale: 4,
    });
    expect(changed({ numInferenceSteps: 9 }, { guidanceScale: 2 })).toMatchObject({ numInferenceSteps: 9 });
    expect(changed({ numInferenceSteps: 20 }, { numInferenceSteps: 4 })).toEqual(complete({ numInferenceSteps: 4 }));
  });

  it('makes pictures of the conditional VAE alone by neither', () => {
    expect(entryForTeacher(complete({ pipeline: 'cvae' }), MODEL)).toBeNull();
  });

  it('is asked for no teacher where it has none', () => {
    expect(entryForTeacher({ numInferenceSteps: 50 }, RECIPE_MODEL)).toBeNull();
  });

  it("becomes a recipe in the teacher's steps, at the guidance scale of the student's picture", () => {
    const ofStudent = complete({ numInferenceSteps: 2 });
    const inTwenty = { ...ofStudent, sampler: 'dpm++', numInferenceSteps: 20 };
    expect(recipeForTeacher(ofStudent, MODEL)).toEqual(inTwenty);
    const ofTeacher = complete({ numInferenceSteps: 8 });
    expect(recipeForTeacher(ofTeacher, MODEL)).toBe(ofTeacher);
    expect(recipeForTeacher(ofStudent, RECIPE_MODEL)).toBe(ofStudent);
  });
});
