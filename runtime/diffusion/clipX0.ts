import * as tf from '@tensorflow/tfjs-core';
import type { SchedulerConfig } from './schedulerConfig.ts';

/** x0 within ± clipSampleRange, or a clone when the config does not clip; the caller disposes it. */
export function clipX0<T extends tf.Tensor>(config: SchedulerConfig, x0: T): T {
  if (!config.clipSample) return tf.clone(x0);
  return tf.clipByValue(x0, -config.clipSampleRange, config.clipSampleRange);
}
