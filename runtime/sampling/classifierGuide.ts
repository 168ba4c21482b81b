import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import {
  assertClassifierScale,
  CLASSIFIER_SCALE_DEFAULT,
  classifierGuided,
  isClassifierGuided,
} from '../diffusion/classifierGuidance.ts';
import { alphaBarAt, createSchedule } from '../diffusion/schedule.ts';
import { indexOfLabel } from './labels.ts';
import type { DiffusionModel } from './model.ts';
import type { NoisyClassifier } from './noisyClassifier.ts';

/** Steers by a classifier that the model knows nothing of; it goes together with classifier-free guidance. */
export interface ClassifierGuidanceOptions {
  /** Stays the caller's. */
  classifier?: NoisyClassifier;
  /** One of the classifier's labels, for all pictures. */
  classifierLabel?: string;
  /** How strongly, −100 … 100: 0 is off, below 0 away from the label; default 10. */
  classifierScale?: number;
}

/** Moves a network's output at a step; null where the classifier has no say. */
export type ClassifierGuide = (output: Tensor4D, input: Tensor4D, t: number) => Tensor4D | null;

/**
 * @returns null when there is no classifier, or its scale is 0
 * @throws  RangeError for an unknown label, a scale out of range or a classifier of other latents
 */
export function classifierGuideOf(model: DiffusionModel, options: ClassifierGuidanceOptions): ClassifierGuide | null {
  const { classifier, classifierLabel, classifierScale = CLASSIFIER_SCALE_DEFAULT } = options;
  if (!classifier) return refuseAlone(options);
  assertClassifierScale('generate', classifierScale);
  classifier.checkFits(model);
  if (classifierLabel === undefined) {
    throw new RangeError(`generate: classifierLabel is missing; expected one of ${classifier.labels.join(', ')}`);
  }
  const label = indexOfLabel(classifier.labels, classifierLabel);
  if (classifierScale === 0) return null;
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
      return classifierGuided(schedule.predictionType, output, gradient, alphaBar, classifierScale);
    });
  };
}

/** A label or scale without a classifier is a mistake. */
function refuseAlone({ classifierLabel, classifierScale }: ClassifierGuidanceOptions): null {
  if (classifierLabel === undefined && classifierScale === undefined) return null;
  const name = classifierLabel === undefined ? 'classifierScale' : 'classifierLabel';
  throw new RangeError(`generate: there is a ${name} but no classifier; give the classifier that it is of`);
}
