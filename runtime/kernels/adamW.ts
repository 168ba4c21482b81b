import { engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';

export const ADAM_W = 'FigmentAdamW';

/** The numbers that a step of `adamW` needs beside the tensors. */
export interface AdamWAttrs {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** The number of the step, from 1. */
  step: number;
  /** The gradient is first multiplied by this, which clips it by the global norm. */
  gradScale: number;
}

/** The inputs of the kernel, all of one shape. */
export type AdamWInputs = Record<'param' | 'grad' | 'm' | 'v', TensorInfo>;

export const ADAM_W_DEFAULTS = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.01,
};

export interface AdamWState {
  param: Tensor;
  m: Tensor;
  v: Tensor;
}

/**
 * One step of Adam with decoupled weight decay on one parameter:
 *
 *   m ← β1 m + (1 − β1) g;  v ← β2 v + (1 − β2) g²;
 *   θ ← (1 − lr·wd) θ − lr · (m / (1 − β1ᵗ)) / (√(v / (1 − β2ᵗ)) + ε)
 *
 * Source: Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2.
 * @param state parameter and both moments, one shape
 * @param grad  float32, the same shape
 * @returns     the new state: new tensors, the caller disposes them and the old ones
 */
export function adamW(state: AdamWState, grad: Tensor, attrs: AdamWAttrs): AdamWState {
  const inputs = { param: state.param, grad, m: state.m, v: state.v };
  const [param, m, v] = engine().runKernel(ADAM_W, inputs, { ...attrs }) as Tensor[];
  return { param: param!, m: m!, v: v! };
}

/** The three scalars of a step that do not depend on the element: bias corrections and decay folded in. */
export function adamWScalars(attrs: AdamWAttrs): { stepSize: number; rootScale: number; decay: number } {
  return {
    stepSize: attrs.learningRate / (1 - attrs.beta1 ** attrs.step),
    rootScale: 1 / Math.sqrt(1 - attrs.beta2 ** attrs.step),
    decay: 1 - attrs.learningRate * attrs.weightDecay,
  };
}
