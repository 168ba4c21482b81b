// The gradients by filters, apart from the other kernels: a page that only generates does not carry them.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { registerKernels } from '../register.ts';
import { WebgpuContext } from './context.ts';
import { webgpuConv2dGradFilter } from './conv2dGradFilter.ts';

/** Registers the kernels for tfjs's WebGPU backend that training alone takes. */
export function registerWebgpuTraining(): void {
  registerKernels('webgpu', webgpuConv2dGradFilter, (backend) => new WebgpuContext(backend as WebGPUBackend));
}
