import { getKernel, getKernelsForBackend, unregisterKernel } from '@tensorflow/tfjs-core';
import { CONV2D_GRAD_FILTER } from '../kernels/conv2d.ts';
import { registerWebgpuTraining } from '../kernels/webgpu/training.ts';

/** A kernel that only the whole of tfjs's backend has. */
const ONE_OF_THE_REST = 'CropAndResize';

/** Registers all kernels for WebGPU, tfjs's and ours, as training needs them, in place of those that generating takes. */
export async function registerAllWebgpuKernels(): Promise<void> {
  if (!getKernel(CONV2D_GRAD_FILTER, 'webgpu')) registerWebgpuTraining();
  if (getKernel(ONE_OF_THE_REST, 'webgpu')) return;
  // tfjs warns of a kernel that is registered twice.
  for (const { kernelName, backendName } of getKernelsForBackend('webgpu')) {
    if (!kernelName.startsWith('Figment')) unregisterKernel(kernelName, backendName);
  }
  await import('@tensorflow/tfjs-backend-webgpu');
}
