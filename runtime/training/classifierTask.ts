// The losses of classifiers, of images and of noisy latents.
import { add, type Scalar, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { qSample } from '../diffusion/forward.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { type ClassifierConfig, classifierShapes, classify } from '../networks/classifier.ts';
import { classifyNoisy, type NoisyClassifierConfig, noisyClassifierShapes } from '../networks/noisyClassifier.ts';
import { batchArray, batchTensor } from './batch.ts';
import { attributeLossOf, classificationLoss } from './batchLosses.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a classifier of images is trained. */
export interface ClassifierSpec {
  kind: 'classifier';
  config: ClassifierConfig;
}

/** How a classifier of noisy latents is trained. */
export interface NoisyClassifierSpec {
  kind: 'noisyClassifier';
  config: NoisyClassifierConfig;
  scheduler: SchedulerConfig;
}

/** Batch: x (B, H, W, C) in [−1, 1], classLabels (B); with attributes also those and attributeWeights (B, attributes). */
export function classifierTask({ config }: ClassifierSpec): TrainingTask {
  return {
    shapes: classifierShapes(config),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const { logits, attributes } = classify(config, weights, batchTensor<Tensor4D>(batch, 'x'));
        const ofLabel = classificationLoss(logits, batch);
        if (!attributes) return ofLabel;
        const ofAttributes = attributeLossOf(config.attributes, attributes, batch);
        return { ...ofLabel, loss: add(ofLabel.loss, ofAttributes) as Scalar };
      }),
  };
}

/** Batch: x0 and eps (B, h, w, C), t (B), classLabels (B). */
export function noisyClassifierTask({ config, scheduler }: NoisyClassifierSpec): TrainingTask {
  const schedule = createSchedule(scheduler);
  return {
    shapes: noisyClassifierShapes(config),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const t = batchArray(batch, 't').data;
        const xt = qSample(schedule, batchTensor<Tensor4D>(batch, 'x0'), t, batchTensor<Tensor4D>(batch, 'eps'));
        return classificationLoss(classifyNoisy(config, weights, xt, t), batch);
      }),
  };
}
