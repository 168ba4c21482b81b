// Compute shaders of our own inside tfjs's WebGPU backend; only the plain convolutions are its kernels.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { type KernelConfig, registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { ADAM_W } from '../adamW.ts';
import { ATTENTION, ATTENTION_GRAD } from '../attention.ts';
import { CONV2D, CONV2D_GRAD_FILTER, CONV2D_GRAD_INPUT, SUM_ROWS } from '../conv2d.ts';
import { GROUP_NORM, GROUP_NORM_GRAD, MODULATED_GROUP_NORM, MODULATED_GROUP_NORM_GRAD } from '../groupNorm.ts';
import { SILU, SILU_GRAD } from '../silu.ts';
import { UPSAMPLE_2X, UPSAMPLE_2X_GRAD } from '../upsample.ts';
import { adamW } from './adamW.ts';
import { attention, attentionGrad } from './attention.ts';
import { WebgpuContext } from './context.ts';
import { conv2d, conv2dGradInput } from './conv2d.ts';
import { conv2dGradFilter } from './conv2dGradFilter.ts';
import { groupNorm, groupNormGrad } from './groupNorm.ts';
import { silu, siluGrad } from './silu.ts';
import { sumRows } from './sumRows.ts';
import { upsample2x, upsample2xGrad } from './upsample.ts';

// biome-ignore lint/suspicious/noExplicitAny: a kernel's inputs and attributes are typed by its own function
type KernelFunction = (ctx: WebgpuContext, inputs: any, attrs: any) => TensorInfo | TensorInfo[];

const KERNELS: Record<string, KernelFunction> = {
  [CONV2D]: conv2d,
  [CONV2D_GRAD_INPUT]: conv2dGradInput,
  [CONV2D_GRAD_FILTER]: conv2dGradFilter,
  [SUM_ROWS]: sumRows,
  [GROUP_NORM]: groupNorm,
  [MODULATED_GROUP_NORM]: groupNorm,
  [GROUP_NORM_GRAD]: groupNormGrad,
  [MODULATED_GROUP_NORM_GRAD]: groupNormGrad,
  [SILU]: silu,
  [SILU_GRAD]: siluGrad,
  [ATTENTION]: attention,
  [ATTENTION_GRAD]: attentionGrad,
  [UPSAMPLE_2X]: upsample2x,
  [UPSAMPLE_2X_GRAD]: upsample2xGrad,
  [ADAM_W]: adamW,
};

/** Registers every kernel for tfjs's WebGPU backend. */
export function registerWebgpuKernels(): void {
  for (const [kernelName, run] of Object.entries(KERNELS)) {
    const kernelFunc: KernelConfig['kernelFunc'] = ({ inputs, attrs, backend }) =>
      run(new WebgpuContext(backend as WebGPUBackend), inputs, attrs);
    registerKernel({ kernelName, backendName: 'webgpu', kernelFunc });
  }
}
