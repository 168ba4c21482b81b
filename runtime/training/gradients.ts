import '#stock-gradients';
import { add, dispose, engine, mul, type Tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import { registerKernelGradients } from '../kernels/gradients.ts';
import type { Weights } from '../networks/layers.ts';
import { type Batch, batchLength } from './batch.ts';
import type { TrainingTask } from './trainingTask.ts';

/** By the name of the weight. */
type Gradients = Record<string, Tensor>;

/** Means over the images of a batch. */
interface Scalars {
  loss: number;
  metrics: Record<string, number>;
}

export interface GradientResult extends Scalars {
  /** Gradients of the trained weights; the caller disposes them. */
  grads: Gradients;
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

/** What a micro-batch counts for in the mean over the whole batch: its share of the images. */
export function sharesOf(microBatches: readonly Batch[]): number[] {
  const numImages = microBatches.reduce((n, batch) => n + batchLength(batch), 0);
  return microBatches.map((batch) => batchLength(batch) / numImages);
}

/** The weighted sum of the losses and metrics of micro-batches. */
export function meanScalars(parts: readonly Scalars[], shares: readonly number[]): Scalars {
  const mean = (values: readonly number[]) => values.reduce((sum, value, i) => sum + shares[i]! * value, 0);
  const names = Object.keys(parts[0]?.metrics ?? {});
  const metrics = names.map((name) => [name, mean(parts.map((part) => part.metrics[name]!))] as const);
  return { loss: mean(parts.map(({ loss }) => loss)), metrics: Object.fromEntries(metrics) };
}

/** before + share * part for each gradient; takes over and disposes what it is given. */
export function plusShare(before: Gradients, part: Gradients, share: number): Gradients {
  const sums = Object.entries(part).map(([name, grad]) => {
    if (share === 1) return [name, grad] as const;
    const known = before[name];
    const sum = tidy(() => (known ? add(known, mul(grad, share)) : mul(grad, share)));
    dispose(known ? [known, grad] : [grad]);
    return [name, sum] as const;
  });
  return Object.fromEntries(sums);
}

/** Gradients on this thread, one micro-batch after the other. */
export function localGradients(task: TrainingTask): GradientSource {
  return {
    async gradients(weights, microBatches) {
      const shares = sharesOf(microBatches);
      const parts: Scalars[] = [];
      let sum: Gradients = {};
      try {
        for (const [i, batch] of microBatches.entries()) {
          const { grads, ...scalars } = await gradientsOf(task, weights, batch);
          sum = plusShare(sum, grads, shares[i]!);
          parts.push(scalars);
        }
      } catch (error) {
        dispose(Object.values(sum));
        throw error;
      }
      return { grads: sum, ...meanScalars(parts, shares) };
    },
    async dispose() {},
  };
}
