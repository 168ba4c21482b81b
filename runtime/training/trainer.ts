import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { ADAM_W_DEFAULTS } from '../kernels/adamW.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { downloadWeights, uploadWeights } from '../networks/uploadWeights.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { type Batch, splitBatch } from './batch.ts';
import { type GradientSource, localGradients } from './gradients.ts';
import {
  globalNorm,
  type LearningRateOptions,
  learningRateAt,
  type Moments,
  optimise,
  updateEma,
  zeroMoments,
} from './optimiser.ts';
import { createTask, type TaskSpec } from './task.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a training goes on, step by step. Defaults that are the same for all trainings are those of `TRAINER_DEFAULTS`. */
export interface TrainerOptions extends LearningRateOptions {
  /** Images of a step, 1 or more. */
  batchSize: number;
  /** Images whose gradients are computed at once, 1 or more; it, not the number of workers, decides the rounding. */
  microBatchSize: number;
  /** Decay of the mean of the gradients in AdamW, 0 … below 1; default 0.9 (Kingma & Ba 2015, arXiv:1412.6980). */
  beta1: number;
  /** Decay of the mean of their squares, 0 … below 1; default 0.99, shorter than usual, as trainings are. */
  beta2: number;
  /**
   * By what share of themselves, times the learning rate, filters and matrices shrink in each step; 0 or more. It is decoupled
   * from the gradient: Loshchilov & Hutter 2019, arXiv:1711.05101.
   */
  weightDecay: number;
  /** Gradients with a larger global norm are shortened to this one, above 0; default 1 (Pascanu et al. 2013, arXiv:1211.5063). */
  clipNorm: number;
  /** Decay of the moving average of the weights, 0 … below 1: the average is what becomes the model; see `updateEma`. */
  emaDecay: number;
  /** The training stops after so many steps in all, 0 or more; default null, which sets no limit. */
  numSteps: number | null;
  /** The training stops after so many minutes in all, earlier sessions included; default null, which sets no limit. */
  numMinutes: number | null;
}

/** What all trainings have in common unless they are asked for something else: AdamW with short memories, and no end. */
export const TRAINER_DEFAULTS = {
  finalShare: 0.02,
  beta1: 0.9,
  beta2: 0.99,
  clipNorm: 1,
  numSteps: null,
  numMinutes: null,
} satisfies Partial<TrainerOptions>;

/** The state of a training between two steps; weights in PyTorch's layout. */
export interface TrainerState {
  step: number;
  elapsedMs: number;
  weights: Map<string, WeightTensor>;
  ema: Map<string, WeightTensor>;
  m: Map<string, WeightTensor>;
  v: Map<string, WeightTensor>;
}

/** What `Trainer.run` tells after each step. */
export interface TrainingStep {
  /** The number of steps that are done, this one and those of earlier sessions included. */
  step: number;
  /** The mean loss over the images of this step's batch, with the weights as they were before it. */
  loss: number;
  /** What else the task measures, by name, such as its accuracy: means as the loss is. */
  metrics: Record<string, number>;
  /** The norm of all gradients together, before they are shortened to `clipNorm`. */
  gradNorm: number;
  /** The learning rate of this step, which `learningRateAt` gives. */
  learningRate: number;
  /** The images of all steps that are done. One that was drawn several times counts each time. */
  numImages: number;
  /** The images of this step, divided by the seconds that it took. */
  imagesPerSecond: number;
  /** The time that all steps took together, in milliseconds, those of earlier sessions included. */
  elapsedMs: number;
  /** Share of the training that is over, 0 … 1. */
  progress: number;
}

/**
 * One training: weights, optimiser and average on the current backend, stepped by `run`.
 * The batch of a step depends on the step alone, so a training that is saved and restored goes on as if it had never stopped.
 */
export class Trainer {
  readonly weights: Record<string, Tensor>;
  readonly ema: Record<string, Tensor>;
  private readonly moments: Moments;
  private readonly rateFactor: TrainingTask['rateFactor'];
  private step: number;
  private elapsedMs: number;

  constructor(
    private readonly source: GradientSource,
    private readonly batchAt: (step: number) => Batch,
    private readonly options: TrainerOptions,
    { isTrained, rateFactor }: Pick<TrainingTask, 'isTrained' | 'rateFactor'>,
    start: Map<string, WeightTensor> | TrainerState,
  ) {
    this.rateFactor = rateFactor;
    const state = start instanceof Map ? null : start;
    this.weights = uploadWeights(state ? state.weights : (start as Map<string, WeightTensor>));
    this.ema = uploadWeights(state ? state.ema : (start as Map<string, WeightTensor>));
    this.moments = state ? restoreMoments(state) : zeroMoments(this.weights, isTrained);
    this.step = state?.step ?? 0;
    this.elapsedMs = state?.elapsedMs ?? 0;
  }

  /** Trains until a limit is reached or `signal` aborts, which ends after the current step. */
  async *run(signal?: AbortSignal): AsyncGenerator<TrainingStep> {
    const { batchSize, microBatchSize } = this.options;
    if (this.progress === 1) return;
    let next = splitBatch(this.batchAt(this.step), microBatchSize);
    while (this.progress < 1 && !signal?.aborted) {
      const started = performance.now();
      const working = this.source.gradients(this.weights, next);
      try {
        next = splitBatch(this.batchAt(this.step + 1), microBatchSize);
      } catch (error) {
        await working.then(({ grads }) => dispose(grads), ignore);
        throw error;
      }
      const { grads, loss, metrics } = await working;
      const gradNorm = await globalNorm(grads);
      if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
        dispose(grads);
        throw new Error(
          `train: the loss is ${loss} and the gradient's norm ${gradNorm} at step ${this.step}; lower the learning rate`,
        );
      }
      const learningRate = learningRateAt(this.options, this.step, this.progress);
      this.step += 1;
      const gradScale = Math.min(1, this.options.clipNorm / (gradNorm + 1e-12));
      const attrs = { ...ADAM_W_DEFAULTS, ...this.options, learningRate, step: this.step, gradScale };
      optimise(this.weights, this.moments, grads, attrs, this.rateFactor);
      updateEma(this.ema, this.trainedWeights(), this.options.emaDecay, this.step);
      const stepMs = performance.now() - started;
      this.elapsedMs += stepMs;
      const imagesPerSecond = (1000 * batchSize) / stepMs;
      yield { ...this.done, loss, metrics, gradNorm, learningRate, imagesPerSecond, progress: this.progress };
    }
  }

  /** The weights that change; the others stay exactly as they are, in the average too. */
  private trainedWeights(): Record<string, Tensor> {
    return Object.fromEntries(Object.keys(this.moments).map((name) => [name, this.weights[name]!]));
  }

  /** How far the training has come: its steps, images and time, those of earlier sessions included. */
  get done(): Pick<TrainingStep, 'step' | 'numImages' | 'elapsedMs'> {
    return { step: this.step, numImages: this.step * this.options.batchSize, elapsedMs: this.elapsedMs };
  }

  /** The share of the training that is over, 0 … 1. */
  get progress(): number {
    const { numSteps, numMinutes } = this.options;
    const bySteps = numSteps === null ? 0 : this.step < numSteps ? this.step / numSteps : 1;
    const byTime = numMinutes === null ? 0 : this.elapsedMs / (60_000 * numMinutes);
    return Math.min(1, Math.max(bySteps, byTime));
  }

  /** Reads everything that is needed to continue from here back from the backend. */
  async state(): Promise<TrainerState> {
    const moment = (key: 'm' | 'v') =>
      Object.fromEntries(Object.entries(this.moments).map(([name, pair]) => [name, pair[key]]));
    const [weights, ema, m, v] = await Promise.all(
      [this.weights, this.ema, moment('m'), moment('v')].map((tensors) => downloadWeights(tensors)),
    );
    return { step: this.step, elapsedMs: this.elapsedMs, weights: weights!, ema: ema!, m: m!, v: v! };
  }

  /** Ends the gradient source and frees every tensor. */
  async dispose(): Promise<void> {
    await this.source.dispose();
    dispose([this.weights, this.ema, this.moments] as unknown as Tensor[]);
  }
}

/**
 * A training of the task that `spec` describes.
 *
 * @param batchAt the batch of a step, counted from 0
 * @param start   state to go on from, or weights (PyTorch's layout) to begin with; random ones when absent
 * @param source  where gradients are computed; this thread when absent
 */
export function createTrainer(
  spec: TaskSpec,
  batchAt: (step: number) => Batch,
  options: TrainerOptions & { seed: number },
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  const task = createTask(spec);
  const initial = start ?? initialWeights(task.shapes, options.seed);
  return new Trainer(source ?? localGradients(task), batchAt, options, task, initial);
}

const ignore = () => {};

function restoreMoments(state: TrainerState): Moments {
  const [m, v] = [uploadWeights(state.m), uploadWeights(state.v)];
  return Object.fromEntries(Object.keys(m).map((name) => [name, { m: m[name]!, v: v[name]! }]));
}
