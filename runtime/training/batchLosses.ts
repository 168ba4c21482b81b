// Losses by what a batch says of its images.
import {
  argMax,
  cast,
  equal,
  keep,
  mean,
  type Scalar,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
} from '@tensorflow/tfjs-core';
import type { AttributeKinds } from '../networks/classifier.ts';
import { oneHotRows } from '../networks/layers.ts';
import { type Batch, batchArray } from './batch.ts';
import { attributeLoss, crossEntropy } from './losses.ts';

/** `attributeLoss` of a batch's attributes. */
export function attributeLossOf(kinds: AttributeKinds, logits: Tensor2D, batch: Batch): Scalar {
  const [values, known] = ['attributes', 'attributeWeights'].map((name) => batchArray(batch, name).data);
  return attributeLoss(kinds, logits, values!, known!);
}

/** Cross-entropy, and the share of images whose largest logit is the right one. */
export function classificationLoss(logits: Tensor2D, batch: Batch) {
  const classLabels = batchArray(batch, 'classLabels').data;
  const target = oneHotRows(classLabels, logits.shape[1]);
  const hits = equal(argMax(logits, 1) as Tensor1D, tensor1d(classLabels, 'int32'));
  const accuracy = mean(cast(hits, 'float32')) as Scalar;
  return { loss: crossEntropy(logits, target), metrics: { accuracy: keep(accuracy) } };
}
