import { assertClassifierScale, CLASSIFIER_SCALE_DEFAULT, indexOfLabel } from '../../runtime/index.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import type { Look, Sampling } from './bakePlan.ts';
import type { BakeClassifier } from './openClassifiers.ts';
import { messageOf, type Wrong } from './wantedPictures.ts';

/** How an asset is steered by a classifier. */
export interface Steered {
  look: Pick<Look, 'classifier'>;
  sampling: Pick<Sampling, 'classifierLabel' | 'classifierScale'>;
}

const NOT_STEERED: Steered = { look: {}, sampling: {} };

/** Undefined after telling what is wrong; a scale of 0 is no steering. */
export function planSteering(
  { classifier: name, classifierLabel, classifierScale, pipeline }: BakeAsset,
  classifiers: ReadonlyMap<string, BakeClassifier | string>,
  wrong: Wrong,
): Steered | undefined {
  if (name === undefined) {
    if (classifierLabel === undefined && classifierScale === undefined) return NOT_STEERED;
    const entry = classifierLabel === undefined ? 'classifierScale' : 'classifierLabel';
    return void wrong(entry, 'there is no classifier that it could be of; name one as classifier');
  }
  if (pipeline === 'cvae')
    return void wrong('classifier', 'the pipeline cvae has no steps to steer; choose another pipeline');
  const classifier = classifiers.get(name)!;
  if (typeof classifier === 'string') return void wrong('classifier', classifier);
  if (classifierLabel === undefined) {
    return void wrong('classifier', `say which way as classifierLabel: ${classifier.labels.join(', ')}`);
  }
  try {
    indexOfLabel(classifier.labels, classifierLabel);
    assertClassifierScale('bake', classifierScale ?? CLASSIFIER_SCALE_DEFAULT);
  } catch (error) {
    return void wrong('classifierLabel', messageOf(error));
  }
  if (classifierScale === 0) return NOT_STEERED;
  const { place, name: title, hash } = classifier;
  return {
    look: { classifier: { place, name: title, hash } },
    sampling: { classifierLabel, classifierScale: classifierScale ?? CLASSIFIER_SCALE_DEFAULT },
  };
}
