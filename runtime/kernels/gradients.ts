// The gradients of the kernels, registered apart from them so that a page that only generates does not carry them.
import { engine, type GradConfig, registerGradient, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { ATTENTION, ATTENTION_GRAD } from './attention.ts';
import { CONV2D, CONV2D_GRAD_FILTER, CONV2D_GRAD_INPUT, SUM_ROWS } from './conv2d.ts';
import { GROUP_NORM, GROUP_NORM_GRAD, MODULATED_GROUP_NORM, MODULATED_GROUP_NORM_GRAD } from './groupNorm.ts';
import { SILU, SILU_GRAD } from './silu.ts';
import { UPSAMPLE_2X, UPSAMPLE_2X_GRAD } from './upsample.ts';

const conv2dGradient: GradConfig = {
  kernelName: CONV2D,
  inputsToSave: ['x', 'filter'],
  gradFunc: (dyOrList, saved, attrs) => {
    const dy = dyOrList as Tensor4D;
    const [x, filter] = saved as [Tensor4D, Tensor4D];
    return {
      x: () => engine().runKernel(CONV2D_GRAD_INPUT, { dy, filter }, { ...attrs, inputShape: x.shape }) as Tensor,
      filter: () =>
        engine().runKernel(CONV2D_GRAD_FILTER, { x, dy }, { ...attrs, filterShape: filter.shape }) as Tensor,
      bias: () => engine().runKernel(SUM_ROWS, { x: dy }) as Tensor,
    };
  },
};

/** A kernel whose gradient kernel takes its inputs and dy, and returns one gradient for each input, in order. */
function jointGradient(kernelName: string, gradKernelName: string, inputNames: string[]): GradConfig {
  return {
    kernelName,
    inputsToSave: inputNames,
    gradFunc: (dy, saved, attrs) => {
      const inputs = Object.fromEntries(inputNames.map((name, i) => [name, saved[i]!]));
      const result = engine().runKernel(gradKernelName, { ...inputs, dy: dy as Tensor }, attrs);
      const grads = Array.isArray(result) ? result : [result];
      return Object.fromEntries(inputNames.map((name, i) => [name, () => grads[i]!]));
    },
  };
}

/** Registers the gradient of every Figment kernel; calling it again does nothing new. */
export function registerKernelGradients(): void {
  registerGradient(conv2dGradient);
  registerGradient(jointGradient(GROUP_NORM, GROUP_NORM_GRAD, ['x', 'gamma', 'beta']));
  registerGradient(
    jointGradient(MODULATED_GROUP_NORM, MODULATED_GROUP_NORM_GRAD, ['x', 'gamma', 'beta', 'scale', 'shift']),
  );
  registerGradient(jointGradient(SILU, SILU_GRAD, ['x']));
  registerGradient(jointGradient(ATTENTION, ATTENTION_GRAD, ['q', 'k', 'v']));
  registerGradient({
    kernelName: UPSAMPLE_2X,
    gradFunc: (dy) => ({ x: () => engine().runKernel(UPSAMPLE_2X_GRAD, { dy: dy as Tensor }) as Tensor }),
  });
}
