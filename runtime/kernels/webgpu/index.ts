// Compute shaders of our own inside tfjs's WebGPU backend; only the plain convolutions are its kernels.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { type KernelSet, registerKernels } from '../register.ts';
import { adamW } from './adamW.ts';
import { attention, attentionGrad } from './attention.ts';
import { WebgpuContext } from './context.ts';
import { conv2d, conv2dGradInput } from './conv2d.ts';
import { conv2dGradFilter } from './conv2dGradFilter.ts';
import { groupNorm, groupNormGrad } from './groupNorm.ts';
import { silu, siluGrad } from './silu.ts';
import { sumRows } from './sumRows.ts';
import { upsample2x, upsample2xGrad } from './upsample.ts';

const KERNELS: KernelSet<WebgpuContext> = {
  conv2d,
  conv2dGradInput,
  conv2dGradFilter,
  sumRows,
  groupNorm,
  groupNormGrad,
  silu,
  siluGrad,
  attention,
  attentionGrad,
  upsample2x,
  upsample2xGrad,
  adamW,
};

/** Registers every kernel for tfjs's WebGPU backend. */
export function registerWebgpuKernels(): void {
  registerKernels('webgpu', KERNELS, (backend) => new WebgpuContext(backend as WebGPUBackend));
}
