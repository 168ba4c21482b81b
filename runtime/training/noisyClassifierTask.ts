import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { qSample } from '../diffusion/forward.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { classifyNoisy, type NoisyClassifierConfig, noisyClassifierShapes } from '../networks/noisyClassifier.ts';
import { batchArray, batchTensor } from './batch.ts';
import { classificationLoss } from './batchLosses.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a classifier of noisy latents is trained. */
export interface NoisyClassifierSpec {
  kind: 'noisyClassifier';
  config: NoisyClassifierConfig;
  scheduler: SchedulerConfig;
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
