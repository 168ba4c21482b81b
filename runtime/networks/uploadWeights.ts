import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { fromTorch, toTorch } from '../weights/tensorLayout.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';

/** Weights in PyTorch's layout to tensors in ours, on the current backend; the caller disposes them. */
export function uploadWeights(weights: ReadonlyMap<string, WeightTensor>): Record<string, Tensor> {
  const entries = [...weights].map(([name, value]) => {
    const { shape, data } = fromTorch(name, value);
    return [name, tensor(data, shape, 'float32')] as const;
  });
  return Object.fromEntries(entries);
}

/** Tensors in our layout to weights in PyTorch's. */
export async function downloadWeights(tensors: Readonly<Record<string, Tensor>>): Promise<Map<string, WeightTensor>> {
  const weights = new Map<string, WeightTensor>();
  for (const [name, value] of Object.entries(tensors)) {
    weights.set(name, toTorch(name, { shape: value.shape, data: new Float32Array(await value.data()) }));
  }
  return weights;
}
