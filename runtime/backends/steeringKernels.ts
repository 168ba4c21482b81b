import { Conv2DBackpropInput, getBackend, getKernel, registerKernel } from '@tensorflow/tfjs-core';

/**
 * Gives tfjs what steering by a classifier takes on WebGPU besides the kernels of generating: the gradient of a convolution by its
 * input. A page that has its backend from `useWebgpuDevice` needs it before the first step with a classifier; elsewhere it is there.
 */
export async function registerSteeringKernels(): Promise<void> {
  if (getBackend() !== 'webgpu' || getKernel(Conv2DBackpropInput, 'webgpu')) return;
  const { conv2DBackpropInputConfig } = await import(
    '@tensorflow/tfjs-backend-webgpu/dist/kernels/Conv2DBackpropInput.js'
  );
  registerKernel(conv2DBackpropInputConfig);
}
