import { add, dispose, mul, sqrt, square, sum, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { type AdamWAttrs, adamW } from '../kernels/adamW.ts';

export interface LearningRateOptions {
  /** The highest rate, after the warm-up; above 0. */
  learningRate: number;
  /** Steps of linear warm-up from 0; 0 or more. */
  numWarmupSteps: number;
  /** Share of the training after which the rate falls, 0 … 1. */
  decayFrom: number;
  /** The rate at the end, as a share of the highest, 0 … 1; default 0.02. */
  finalShare: number;
}

/**
 * Linear warm-up, then constant, then half a cosine down to `finalShare`.
 *
 * Source: Loshchilov & Hutter 2017, arXiv:1608.03983, eq. (5).
 * @param step     from 0
 * @param progress share of the training that is over, 0 … 1
 */
export function learningRateAt(options: LearningRateOptions, step: number, progress: number): number {
  const { learningRate, numWarmupSteps, decayFrom, finalShare } = options;
  const warmUp = Math.min(1, (step + 1) / Math.max(1, numWarmupSteps));
  const fallen = Math.min(1, Math.max(0, (progress - decayFrom) / Math.max(1e-9, 1 - decayFrom)));
  const cosine = 0.5 * (1 + Math.cos(Math.PI * fallen));
  return learningRate * warmUp * (finalShare + (1 - finalShare) * cosine);
}

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
  return param.rank > 1 && !/embedding(\.weight)?$/.test(name);
}

/**
 * One AdamW step over all trained weights, in place of the old tensors, which are disposed as are the gradients.
 *
 * @param rateFactor how many times the learning rate each weight takes
 */
export function optimise(
  weights: Record<string, Tensor>,
  moments: Moments,
  grads: Record<string, Tensor>,
  attrs: AdamWAttrs,
  rateFactor: (name: string) => number = () => 1,
): void {
  for (const [name, grad] of Object.entries(grads)) {
    const old = { param: weights[name]!, ...moments[name]! };
    const weightDecay = decays(name, old.param) ? attrs.weightDecay : 0;
    const learningRate = rateFactor(name) * attrs.learningRate;
    const { param, m, v } = adamW(old, grad, { ...attrs, learningRate, weightDecay });
    dispose([old.param, old.m, old.v, grad]);
    weights[name] = param;
    moments[name] = { m, v };
  }
}

/**
 * Exponential moving average of these weights, in place of the old ones: ema ← d · ema + (1 − d) · weights, where the decay
 * d = min(emaDecay, (1 + step) / (10 + step)) lets early steps through.
 *
 * Source: Polyak & Juditsky 1992; the ramp as in TensorFlow's ExponentialMovingAverage.
 * @param ema     changed: old tensors are disposed, new ones stored; those of no name in `weights` stay
 * @param step    from 1
 */
export function updateEma(
  ema: Record<string, Tensor>,
  weights: Record<string, Tensor>,
  emaDecay: number,
  step: number,
): void {
  const decay = Math.min(emaDecay, (1 + step) / (10 + step));
  for (const [name, weight] of Object.entries(weights)) {
    const average = ema[name]!;
    ema[name] = tidy(() => add(mul(average, decay), mul(weight, 1 - decay)));
    dispose(average);
  }
}
