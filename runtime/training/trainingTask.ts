import type { Scalar } from '@tensorflow/tfjs-core';
import type { Shapes, Weights } from '../networks/layers.ts';
import type { Batch } from './batch.ts';

export interface LossResult {
  loss: Scalar;
  /** Parts of the loss worth showing, kept: the caller disposes them. */
  metrics: Record<string, Scalar>;
}

/** One thing that can be trained: a network's weights and what they are to become good at. */
export interface TrainingTask {
  shapes: Shapes;
  /** Names of the weights that change; the others stay as they are. */
  isTrained(name: string): boolean;
  /** How many times the learning rate a weight is trained with; absent: 1 for all. */
  rateFactor?(name: string): number;
  /** Computes what the loss takes besides the batch and what has no gradient, such as another network's output. */
  prepare?(weights: Weights, batch: Batch): Promise<Batch>;
  loss(weights: Weights, batch: Batch): LossResult;
}
