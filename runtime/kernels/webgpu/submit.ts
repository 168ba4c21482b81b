import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine } from '@tensorflow/tfjs-core';

/** Members of tfjs 4.22's backend that its types hide. */
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
