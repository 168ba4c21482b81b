// Compute shaders of our own inside tfjs's WebGPU backend; only the plain convolutions are its kernels.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { registerKernels } from '../register.ts';
import { webgpuAttention } from './attention.ts';
import { WebgpuContext } from './context.ts';
import { webgpuConv2d } from './conv2d.ts';
import { webgpuElementwise } from './elementwise.ts';
import { registerExpectedTexels } from './expectedTexels.ts';
import { webgpuGroupNorm } from './groupNorm.ts';
import { registerTexels } from './texels.ts';

const KERNELS = {
  ...webgpuConv2d,
  ...webgpuGroupNorm,
  ...webgpuAttention,
  ...webgpuElementwise,
};

/** Registers the kernels for tfjs's WebGPU backend, but those of `registerWebgpuTraining`. */
export function registerWebgpuKernels(): void {
  const contextOf = (backend: unknown) => new WebgpuContext(backend as WebGPUBackend);
  registerKernels('webgpu', KERNELS, contextOf);
  registerTexels(contextOf);
  registerExpectedTexels(contextOf);
}
