import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { classifierGuided, isClassifierGuided } from '../diffusion/classifierGuidance.ts';
import { alphaBarAt, createSchedule } from '../diffusion/schedule.ts';
import { indexOfLabel } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { DiffusionModel } from './model.ts';
import type { NoisyClassifier } from './noisyClassifier.ts';

/** Classifiers on the current backend, by the names that recipes give them. They stay the caller's. */
export type Classifiers = ReadonlyMap<string, NoisyClassifier>;

/** Moves a network's output at a step; null where the classifier has no say. */
export type ClassifierGuide = (output: Tensor4D, input: Tensor4D, t: number) => Tensor4D | null;

/**
 * How a recipe's classifier steers each step; it goes together with classifier-free guidance.
 *
 * @returns null when the recipe names no classifier
 * @throws  RangeError for a classifier that is not loaded, or one of other latents
 */
export function classifierGuideOf(
  model: DiffusionModel,
  { classifier: name, classifierLabel, classifierScale }: Recipe,
  classifiers: Classifiers | undefined,
): ClassifierGuide | null {
  if (name === undefined) return null;
  const classifier = classifiers?.get(name);
  if (!classifier) throw new RangeError(`generate: classifier "${name}" is not loaded; load it before this recipe`);
  classifier.checkFits(model);
  const label = indexOfLabel(classifier.labels, classifierLabel!);
  const schedule = createSchedule(model.scheduler);
  return (output, input, t) => {
    const alphaBar = alphaBarAt(schedule, t);
    if (!isClassifierGuided(alphaBar)) return null;
    const times = new Array<number>(input.shape[0]).fill(t);
    return tidy(() => {
      const gradient = classifier.gradient(
        input,
        times,
        times.map(() => label),
      );
      return classifierGuided(schedule.predictionType, output, gradient, alphaBar, classifierScale!);
    });
  };
}
