// What a page tells tfjs's WebGPU backend beside its operations: to compile pipelines before they are needed, off the threads
// that draw, and to submit what it has recorded.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { backend, engine, env } from '@tensorflow/tfjs-core';

/**
 * Runs work whose kernels are compiled, not computed; its results hold no values. Only on the WebGPU backend. Follow it
 * with `compilationDone`.
 */
export function compileOnly<T>(work: () => T): T {
  env().set('WEBGPU_ENGINE_COMPILE_ONLY', true);
  try {
    return work();
  } finally {
    env().set('WEBGPU_ENGINE_COMPILE_ONLY', false);
  }
}

/** Resolves when all pipelines that `compileOnly` has begun are ready. */
export async function compilationDone(): Promise<void> {
  await (backend() as WebGPUBackend).checkCompileCompletionAsync();
}

/** A member of tfjs 4.22's backend that its type declarations hide. */
interface HiddenMembers {
  commandEncoder: GPUCommandEncoder | null;
}

/** Sends the GPU what was computed so far; tfjs waits until it has 15 kernels together. */
export function submitKernels(): void {
  const backend = engine().registry.webgpu as WebGPUBackend | undefined;
  if (!(backend as HiddenMembers | undefined)?.commandEncoder) return;
  backend!.endComputePassEncoder();
  backend!.submitQueue();
}
