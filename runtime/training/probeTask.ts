// The loss of a linear probe of latents.
import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type ConditionKinds, conditionHeadShapes, conditionLogits } from '../networks/conditionHead.ts';
import { batchTensor } from './batch.ts';
import { attributeLossOf } from './batchLosses.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a linear map is trained that tells from latents what a picture shows. */
export interface ProbeSpec {
  kind: 'probe';
  /** The label and attributes that the probe reads from latents. */
  conditions: ConditionKinds;
  /** How many channels those latents have. */
  channels: number;
  /** The probe sees the means of so many cells a side. */
  grid: number;
}

/** Batch: x0 (B, h, w, C), attributes and attributeWeights (B, conditions). */
export function probeTask({ conditions, channels, grid }: ProbeSpec): TrainingTask {
  return {
    shapes: conditionHeadShapes(conditions, channels, grid),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const logits = conditionLogits(weights, batchTensor<Tensor4D>(batch, 'x0'), grid);
        return { loss: attributeLossOf(conditions, logits, batch), metrics: {} };
      }),
  };
}
