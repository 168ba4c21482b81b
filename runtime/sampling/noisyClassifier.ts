import { dispose, logSoftmax, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { VAE_WEIGHTS_FILE } from '../core/fileNames.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import { parseSchedulerConfig, type SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { classifyNoisy, noisyClassifierShapes, parseNoisyClassifierConfig } from '../networks/noisyClassifier.ts';
import { logProbGradient } from '../networks/noisyGradient.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import type { ClassifierFiles } from '../weights/classifierFolder.ts';
import { checkWeights } from '../weights/weightTensor.ts';
import type { DiffusionModel } from './model.ts';

/** p(label | xt, t) of noised latents, on the current backend. Anything that has these can guide; see `SampleOptions`. */
export interface NoisyClassifier {
  readonly labels: readonly string[];
  /** Tells it from others, for caches: the sha-256 of its files. */
  readonly hash: string;
  /** log p of every label, (B, numLabels); the caller disposes it. */
  logProbs(xt: Tensor4D, t: ArrayLike<number>): Tensor2D;
  /** ∇_xt log p(label | xt, t), shape of xt, of one label for each image; the caller disposes it. */
  gradient(xt: Tensor4D, t: ArrayLike<number>, classLabels: ArrayLike<number>): Tensor4D;
  /** @throws RangeError saying why the model's latents are not those it reads, and what to do */
  checkFits(model: DiffusionModel): void;
  dispose(): void;
}

/**
 * Checks a classifier folder's config and weights against each other and puts the weights on the current backend.
 *
 * @throws Error naming the file and option or tensor that is wrong; nothing stays allocated then
 */
export function createNoisyClassifier(files: ClassifierFiles): NoisyClassifier {
  const { labels, figment } = files.index;
  const config = parseNoisyClassifierConfig(files.config, `${figment.name}/config.json`);
  const scheduler = parseSchedulerConfig(figment.scheduler, `${figment.name}/config.json: figment.scheduler`);
  checkWeights(files.weights, noisyClassifierShapes(config), figment.name);
  if (labels.length !== config.num_labels) {
    throw new Error(
      `createNoisyClassifier: ${figment.name}: ${labels.length} labels, but num_labels is ${config.num_labels}; expected one label for each output; correct config.json`,
    );
  }
  const weights = uploadWeights(files.weights);
  return {
    labels,
    hash: files.hash,
    logProbs: (xt, t) => tidy(() => logSoftmax(classifyNoisy(config, weights, xt, t))),
    gradient: (xt, t, classLabels) => logProbGradient(config, weights, xt, t, classLabels),
    checkFits: (model) => checkFits(files, config.in_channels, scheduler, model),
    dispose: () => dispose(Object.values(weights)),
  };
}

function checkFits(
  { index }: ClassifierFiles,
  channels: number,
  scheduler: SchedulerConfig,
  { index: { figment }, latentShape, scheduler: used }: DiffusionModel,
): void {
  const { name, model } = index.figment;
  const fail = (problem: string) => {
    throw new RangeError(
      `generate: classifier ${name} was trained on the latents of ${model.name}, and ${problem}; guide ${model.name} with it, or train one by: figment train classifier --model ${figment.name}`,
    );
  };
  if (channels !== latentShape[2]) fail(`reads ${channels} channels; those of ${figment.name} have ${latentShape[2]}`);
  const vaeSha256 = figment.sha256[VAE_WEIGHTS_FILE];
  if (model.vaeSha256 !== null && vaeSha256 !== undefined && model.vaeSha256 !== vaeSha256) {
    fail(`${figment.name} has another auto-encoder`);
  }
  if (!isSameSchedule(scheduler, used)) fail(`${figment.name} has another noise schedule`);
}

function isSameSchedule(a: SchedulerConfig, b: SchedulerConfig): boolean {
  const [left, right] = [createSchedule(a).alphasCumprod, createSchedule(b).alphasCumprod];
  return left.length === right.length && left.every((value, t) => Math.abs(value - right[t]!) < 1e-6);
}
