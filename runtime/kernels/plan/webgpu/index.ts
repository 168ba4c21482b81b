// Recordings on tfjs's WebGPU backend.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine } from '@tensorflow/tfjs-core';
import { useRecorder } from '../recordings.ts';
import { tracing } from '../tracing.ts';
import type { AdapterKind } from './conv.ts';
import { WebgpuRecording } from './recording.ts';

/** Lets networks on WebGPU be recorded, for an adapter of this kind. */
export function useWebgpuRecorder(adapter: AdapterKind): void {
  useRecorder('webgpu', {
    ...tracing,
    record: (graph) => new WebgpuRecording(engine().backend as WebGPUBackend, graph, adapter),
    emptyTensor: (shape) => {
      const { backend } = engine();
      const info = (backend as WebGPUBackend).makeTensorInfo(shape, 'float32');
      return engine().makeTensorFromTensorInfo(info);
    },
  });
}
