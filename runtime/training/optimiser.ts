import { add, dispose, sqrt, square, sum, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { type AdamWAttrs, adamW } from '../kernels/adamW.ts';

/**
 * The Euclidean norm of all gradients together, for clipping (Pascanu et al. 2013, arXiv:1211.5063). They are summed in
 * the order of their names, since another order, such as a loaded checkpoint's, would round differently; and one by one,
 * since tfjs's addN on WebGPU passes over all inputs beyond the seventh.
 */
export async function globalNorm(grads: Record<string, Tensor>): Promise<number> {
  const names = Object.keys(grads).sort();
  const norm = tidy(() => sqrt(names.map((name) => sum(square(grads[name]!))).reduce((a, b) => add(a, b))));
  const [value] = await norm.data();
  norm.dispose();
  return value!;
}

export type Moments = Record<string, { m: Tensor; v: Tensor }>;

export function zeroMoments(weights: Record<string, Tensor>, isTrained: (name: string) => boolean): Moments {
  const names = Object.keys(weights).filter(isTrained);
  return Object.fromEntries(
    names.map((name) => [name, { m: zerosLike(weights[name]!), v: zerosLike(weights[name]!) }]),
  );
}

/** Weight decay pulls on filters and matrices only, not on biases, norms and embeddings. */
function decays(name: string, param: Tensor): boolean {
  return param.rank > 1 && !name.endsWith('embedding.weight');
}

/**
 * One AdamW step over all trained weights, in place of the old tensors, which are disposed as are the gradients.
 */
export function optimise(
  weights: Record<string, Tensor>,
  moments: Moments,
  grads: Record<string, Tensor>,
  attrs: AdamWAttrs,
): void {
  for (const [name, grad] of Object.entries(grads)) {
    const old = { param: weights[name]!, ...moments[name]! };
    const weightDecay = decays(name, old.param) ? attrs.weightDecay : 0;
    const { param, m, v } = adamW(old, grad, { ...attrs, weightDecay });
    dispose([old.param, old.m, old.v, grad]);
    weights[name] = param;
    moments[name] = { m, v };
  }
}
