import { getKernel } from '@tensorflow/tfjs-core';
import { SILU } from '../kernels/silu.ts';

/** Whether our kernels are registered for a backend; tfjs warns when a kernel is registered twice. */
export function hasKernels(backendName: string): boolean {
  return getKernel(SILU, backendName) !== undefined;
}
