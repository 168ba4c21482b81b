import { getKernel, getKernelsForBackend, unregisterKernel } from '@tensorflow/tfjs-core';

/** A kernel that only the whole of tfjs's backend has. */
const ONE_OF_THE_REST = 'CropAndResize';

/** Registers all of tfjs's kernels for WebGPU, as training needs them, in place of those that generating takes. */
export async function registerAllWebgpuKernels(): Promise<void> {
  if (getKernel(ONE_OF_THE_REST, 'webgpu')) return;
  // tfjs warns of a kernel that is registered twice.
  for (const { kernelName, backendName } of getKernelsForBackend('webgpu')) {
    if (!kernelName.startsWith('Figment')) unregisterKernel(kernelName, backendName);
  }
  await import('@tensorflow/tfjs-backend-webgpu');
}
