import { ready, setBackend } from '@tensorflow/tfjs-core';
import { hasKernels } from './hasKernels.ts';

/** Makes plain JavaScript the current backend, with Figment's kernels. */
export async function startCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  await ready();
  const { registerCpuKernels } = await import('../kernels/cpu/index.ts');
  if (!hasKernels('cpu')) registerCpuKernels();
}
