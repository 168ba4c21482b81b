// Losses by what a batch says of its images.
import {
  argMax,
  cast,
  equal,
  keep,
  mean,
  oneHot,
  type Scalar,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
} from '@tensorflow/tfjs-core';
import type { AttributeKinds } from '../networks/classifier.ts';
import { type Batch, batchArray } from './batch.ts';
import { attributeLoss, crossEntropy } from './losses.ts';

/** `attributeLoss` of a batch's attributes. */
export function attributeLossOf(kinds: AttributeKinds, logits: Tensor2D, batch: Batch): Scalar {
  const [values, known] = ['attributes', 'attributeWeights'].map((name) => batchArray(batch, name).data);
  return attributeLoss(kinds, logits, values!, known!);
}

/** Cross-entropy, and the share of images whose largest logit is the right one. */
export function classificationLoss(logits: Tensor2D, batch: Batch) {
  const classLabels = tensor1d(batchArray(batch, 'classLabels').data, 'int32');
  // Cast afterwards: tfjs 4.22's wasm kernel writes a float32 one-hot as the bits of integers.
  const target = cast(oneHot(classLabels, logits.shape[1]), 'float32') as Tensor2D;
  const hits = equal(argMax(logits, 1) as Tensor1D, classLabels);
  const accuracy = mean(cast(hits, 'float32')) as Scalar;
  return { loss: crossEntropy(logits, target), metrics: { accuracy: keep(accuracy) } };
}
