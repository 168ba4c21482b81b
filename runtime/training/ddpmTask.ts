// The loss of a diffusion model.
import { type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { qSample, vTarget } from '../diffusion/forward.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { conditioningVectors } from '../networks/conditioning.ts';
import type { ConditioningConfig } from '../networks/conditioningConfig.ts';
import { type Weights, withoutPrefix } from '../networks/layers.ts';
import { unet2d } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { UNet2DCondition } from '../networks/unet2dEmbedding.ts';
import { type Batch, batchArray, batchTensor } from './batch.ts';
import { CONDITIONING_PREFIX, conditionedShapes } from './conditionedNetwork.ts';
import { diffusionLoss, minSnrWeights } from './losses.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a U-Net is trained, together with its conditioning. */
export interface DdpmSpec {
  kind: 'ddpm';
  config: UNet2DConfig;
  /** For a U-Net that takes a vector for label and attributes; absent or null where it takes the label, or nothing. */
  conditioning?: ConditioningConfig | null;
  circular: boolean;
  scheduler: SchedulerConfig;
  /** Clamp of the signal-to-noise weights; null weighs every timestep alike. */
  minSnrGamma: number | null;
}

/**
 * Batch: x0 and eps (B, h, w, C), t (B), classLabels (B), the null label where the label was dropped; with conditioning
 * also attributes (B, attributes), below 0 where one was dropped.
 */
export function ddpmTask(spec: DdpmSpec): TrainingTask {
  const { config, conditioning = null, circular, scheduler, minSnrGamma } = spec;
  const schedule = createSchedule(scheduler);
  return {
    shapes: conditionedShapes(config, conditioning),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const x0 = batchTensor<Tensor4D>(batch, 'x0');
        const eps = batchTensor<Tensor4D>(batch, 'eps');
        const t = batchArray(batch, 't').data;
        const condition = conditionOf(config, conditioning, weights, batch);
        const targets = { epsilon: () => eps, sample: () => x0, v_prediction: () => vTarget(schedule, x0, t, eps) };
        const xt = qSample(schedule, x0, t, eps);
        const prediction = unet2d(config, weights, xt, t, condition, { circular });
        const snr = minSnrGamma === null ? null : minSnrWeights(schedule, t, minSnrGamma, schedule.predictionType);
        const imageWeights = snr && tensor4d(Float32Array.from(snr), [snr.length, 1, 1, 1]);
        return { loss: diffusionLoss(prediction, targets[schedule.predictionType](), imageWeights), metrics: {} };
      }),
  };
}

function conditionOf(
  config: UNet2DConfig,
  conditioning: ConditioningConfig | null,
  weights: Weights,
  batch: Batch,
): UNet2DCondition {
  if (!conditioning) return config.num_class_embeds === null ? null : batchArray(batch, 'classLabels').data;
  return conditioningVectors(conditioning, withoutPrefix(weights, CONDITIONING_PREFIX), {
    classLabels: batchArray(batch, 'classLabels').data,
    attributes: batchArray(batch, 'attributes').data,
  });
}
