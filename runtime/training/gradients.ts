import '#stock-gradients';
import { add, clone, dispose, engine, mul, type Tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import { registerKernelGradients } from '../kernels/gradients.ts';
import type { Weights } from '../networks/layers.ts';
import { type Batch, batchLength } from './batch.ts';
import type { TrainingTask } from './trainingTask.ts';

export interface GradientResult {
  /** Gradients of the trained weights; the caller disposes them. */
  grads: Record<string, Tensor>;
  /** The mean over the batch. */
  loss: number;
  metrics: Record<string, number>;
}

/** Something that computes gradients of a task's mean loss over micro-batches: here, or on workers. */
export interface GradientSource {
  gradients(weights: Weights, microBatches: Batch[]): Promise<GradientResult>;
  dispose(): Promise<void>;
}

/** The mean loss over one micro-batch and its gradients, on the current backend. */
export async function gradientsOf(task: TrainingTask, weights: Weights, batch: Batch): Promise<GradientResult> {
  const prepared = await task.prepare?.(weights, batch);
  const { loss, metrics, grads } = differentiate(task, weights, { ...batch, ...prepared });
  try {
    const [value] = await loss.data();
    return { grads, loss: value!, metrics: await readScalars(metrics) };
  } catch (error) {
    dispose(Object.values(grads));
    throw error;
  } finally {
    dispose([loss, ...Object.values(metrics)]);
  }
}

/** The loss, metrics and gradients as tensors, which the caller disposes. */
function differentiate(task: TrainingTask, weights: Weights, batch: Batch) {
  registerKernelGradients();
  const names = Object.keys(weights).filter((name) => task.isTrained(name));
  let metrics: Record<string, Tensor> = {};
  const lossOf = (...trained: Tensor[]) => {
    const all = { ...weights };
    names.forEach((name, i) => {
      all[name] = trained[i]!;
    });
    const result = task.loss(all, batch);
    metrics = result.metrics;
    return result.loss;
  };
  try {
    const { value, grads } = valueAndGrads(lossOf)(names.map((name) => weights[name]!));
    return { loss: value, metrics, grads: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
  } catch (error) {
    dispose(Object.values(metrics));
    discardTape();
    throw error;
  }
}

/** Frees what the forward pass saved for the backward one: tfjs forgets it when the forward pass fails. */
function discardTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) dispose(saved ?? []);
  state.activeTape = [];
}

async function readScalars(scalars: Record<string, Tensor>): Promise<Record<string, number>> {
  const entries = Object.entries(scalars).map(async ([name, tensor]) => [name, (await tensor.data())[0]!] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * Sums results of micro-batches into the mean over the whole batch. The order of the parts alone decides the rounding,
 * so the sum is the same whoever computed them.
 */
export class GradientSum {
  private grads: Record<string, Tensor> = {};
  private loss = 0;
  private metrics: Record<string, number> = {};

  constructor(private readonly numImages: number) {}

  /** Adds a part's mean over its `length` images; takes over and disposes its tensors. */
  add(part: GradientResult, length: number): void {
    const share = length / this.numImages;
    this.loss += share * part.loss;
    for (const [name, value] of Object.entries(part.metrics)) {
      this.metrics[name] = (this.metrics[name] ?? 0) + share * value;
    }
    for (const [name, grad] of Object.entries(part.grads)) {
      const before = this.grads[name];
      this.grads[name] = tidy(() => {
        const scaled = share === 1 ? clone(grad) : mul(grad, share);
        return before ? add(before, scaled) : scaled;
      });
      dispose(before ? [grad, before] : [grad]);
    }
  }

  result(): GradientResult {
    return { grads: this.grads, loss: this.loss, metrics: this.metrics };
  }

  /** Frees what was added when the sum is no longer wanted. */
  dispose(): void {
    dispose(Object.values(this.grads));
  }
}

/** Gradients on this thread, one micro-batch after the other. */
export function localGradients(task: TrainingTask): GradientSource {
  return {
    async gradients(weights, microBatches) {
      const sum = new GradientSum(microBatches.reduce((n, batch) => n + batchLength(batch), 0));
      try {
        for (const batch of microBatches) sum.add(await gradientsOf(task, weights, batch), batchLength(batch));
        return sum.result();
      } catch (error) {
        sum.dispose();
        throw error;
      }
    },
    async dispose() {},
  };
}
