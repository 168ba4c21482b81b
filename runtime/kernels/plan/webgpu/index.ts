// Recordings on tfjs's WebGPU backend.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine } from '@tensorflow/tfjs-core';
import { useRecorder } from '../recordings.ts';
import { tracing } from '../tracing.ts';
import { WebgpuRecording } from './recording.ts';
import { type AdapterKind, Tiling } from './tiling.ts';

/** Lets networks on WebGPU be recorded, for an adapter of this kind; on hardware, convolutions can be tuned. */
export function useWebgpuRecorder(adapter: AdapterKind): void {
  const tiling = new Tiling(adapter);
  const backend = () => engine().backend as WebGPUBackend;
  useRecorder('webgpu', {
    ...tracing,
    record: (graph) => new WebgpuRecording(backend(), graph, tiling),
    emptyTensor: (shape) => engine().makeTensorFromTensorInfo(backend().makeTensorInfo(shape, 'float32')),
    tune: async (timer) => {
      if (tiling.untuned.length === 0) return;
      const { tuneConvolutions } = await import('./tuning.ts');
      await tuneConvolutions(backend(), tiling, timer);
    },
  });
}
