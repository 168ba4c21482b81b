// Compiles a network's pipelines before they are needed, off the threads that draw.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { backend, env } from '@tensorflow/tfjs-core';

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
