// A training written out from the definitions of its parts, in plain loops: what trainings are compared with.
import { dispose, getBackend, setBackend, type Tensor, tensor, valueAndGrads } from '@tensorflow/tfjs-core';
import { registerKernelGradients } from '../kernels/gradients.ts';
import type { Batch } from '../training/batch.ts';
import { type GradientSource, localGradients } from '../training/gradients.ts';
import type { TrainerOptions } from '../training/trainer.ts';
import type { TrainingTask } from '../training/trainingTask.ts';
import { fromTorch } from '../weights/tensorLayout.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';

/** Gradients on this thread; the batches that they are asked for are added to `batches`, each in one piece. */
export function recordingGradients(task: TrainingTask, batches: Batch[]): GradientSource {
  const source = localGradients(task);
  return {
    ...source,
    gradients(weights, microBatches) {
      if (microBatches.length !== 1) throw new Error('recordingGradients: expected one micro-batch a step');
      batches.push(microBatches[0]!);
      return source.gradients(weights, microBatches);
    },
  };
}

interface Parameter {
  name: string;
  shape: number[];
  values: Float64Array;
  m: Float64Array;
  v: Float64Array;
}

/**
 * The loss of each step of a training on these batches: gradients by tfjs on the cpu backend, everything else in float64.
 * The step is clipped by the global norm, its rate warms up and then falls by half a cosine, and AdamW (Loshchilov & Hutter
 * 2019, algorithm 2) takes it, with weight decay on filters and matrices alone.
 *
 * @param initial the weights before the first step, PyTorch's layout
 */
export async function naiveLosses(
  task: TrainingTask,
  options: TrainerOptions,
  initial: ReadonlyMap<string, WeightTensor>,
  batches: readonly Batch[],
): Promise<number[]> {
  const backend = getBackend();
  await setBackend('cpu');
  registerKernelGradients();
  const parameters = [...initial].map(([name, weight]): Parameter => {
    const { shape, data } = fromTorch(name, weight);
    const zeros = () => new Float64Array(data.length);
    return { name, shape, values: Float64Array.from(data), m: zeros(), v: zeros() };
  });
  const losses: number[] = [];
  for (const [index, batch] of batches.entries()) {
    const { loss, grads } = lossAndGradients(task, parameters, batch);
    losses.push(loss);
    const norm = Math.sqrt(grads.reduce((sum, grad) => sum + grad.reduce((s, value) => s + value ** 2, 0), 0));
    const clip = Math.min(1, options.clipNorm / norm);
    const rate = rateAt(options, index);
    for (const [i, parameter] of parameters.entries()) step(parameter, grads[i]!, clip, rate, options, index + 1);
  }
  await setBackend(backend);
  return losses;
}

function lossAndGradients(task: TrainingTask, parameters: readonly Parameter[], batch: Batch) {
  const weights = parameters.map(({ shape, values }) => tensor(Float32Array.from(values), shape));
  let metrics: Record<string, Tensor> = {};
  const lossOf = (...tensors: Tensor[]) => {
    const result = task.loss(Object.fromEntries(parameters.map(({ name }, i) => [name, tensors[i]!])), batch);
    metrics = result.metrics;
    return result.loss;
  };
  const { value, grads } = valueAndGrads(lossOf)(weights);
  const result = { loss: value.dataSync()[0]!, grads: grads.map((grad) => Float64Array.from(grad.dataSync())) };
  dispose([value, ...weights, ...grads, ...Object.values(metrics)]);
  return result;
}

/** @param index of the step, from 0 */
function rateAt({ learningRate, numWarmupSteps, decayFrom, finalShare, numSteps }: TrainerOptions, index: number) {
  const warmUp = Math.min(1, (index + 1) / numWarmupSteps);
  const fallen = Math.max(0, (index / numSteps! - decayFrom) / (1 - decayFrom));
  return learningRate * warmUp * (finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * fallen))) / 2);
}

/** @param t of the step, from 1 */
function step(
  { name, shape, values, m, v }: Parameter,
  grad: Float64Array,
  clip: number,
  rate: number,
  { beta1, beta2, weightDecay }: TrainerOptions,
  t: number,
): void {
  const decay = shape.length > 1 && !name.endsWith('embedding.weight') ? weightDecay : 0;
  for (let i = 0; i < values.length; i++) {
    const g = clip * grad[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g ** 2;
    const direction = m[i]! / (1 - beta1 ** t) / (Math.sqrt(v[i]! / (1 - beta2 ** t)) + 1e-8);
    values[i] = values[i]! - rate * (direction + decay * values[i]!);
  }
}
