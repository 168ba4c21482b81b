import { type ClassifierSpec, classifierTask } from './classifierTask.ts';
import { type ConditionalVaeSpec, conditionalVaeTask } from './conditionalVaeTask.ts';
import { type DdpmSpec, ddpmTask } from './ddpmTask.ts';
import { type DistilSpec, distilTask } from './distilTask.ts';
import { type HeightSpec, heightTask } from './heightTask.ts';
import { type NoisyClassifierSpec, noisyClassifierTask } from './noisyClassifierTask.ts';
import { type ProbeSpec, probeTask } from './probeTask.ts';
import type { TrainingTask } from './trainingTask.ts';
import { type VaeSpec, vaeTask } from './vaeTask.ts';

/** What is trained, as plain data: a worker builds the same task from it. */
export type TaskSpec =
  | VaeSpec
  | DdpmSpec
  | ConditionalVaeSpec
  | ClassifierSpec
  | HeightSpec
  | NoisyClassifierSpec
  | ProbeSpec
  | DistilSpec;

/**
 * What a training computes in each step. Nothing is computed or checked yet: the configs are taken to be what their parsers let
 * through.
 *
 * The loss of the task throws an Error that names the input where a batch lacks one, and a RangeError where images, labels or
 * timesteps do not fit the network.
 */
export function createTask(spec: TaskSpec): TrainingTask {
  switch (spec.kind) {
    case 'vae':
      return vaeTask(spec);
    case 'ddpm':
      return ddpmTask(spec);
    case 'cvae':
      return conditionalVaeTask(spec);
    case 'classifier':
      return classifierTask(spec);
    case 'height':
      return heightTask(spec);
    case 'noisyClassifier':
      return noisyClassifierTask(spec);
    case 'probe':
      return probeTask(spec);
    case 'distil':
      return distilTask(spec);
  }
}
