import { add, type Scalar, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type ClassifierConfig, classifierShapes, classify } from '../networks/classifier.ts';
import { batchTensor } from './batch.ts';
import { attributeLossOf, classificationLoss } from './batchLosses.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a classifier of images is trained. */
export interface ClassifierSpec {
  kind: 'classifier';
  config: ClassifierConfig;
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
