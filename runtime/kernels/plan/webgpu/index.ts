// Recordings on tfjs's WebGPU backend.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine } from '@tensorflow/tfjs-core';
import { around, structureOf, UnplannedError } from '../graph.ts';
import { useRecorder } from '../recordings.ts';
import { traced, valueOfTraced } from '../trace.ts';
import type { AdapterKind } from './conv.ts';
import { WebgpuRecording } from './recording.ts';

/** Lets networks on WebGPU be recorded, for an adapter of this kind. */
export function useWebgpuRecorder(adapter: AdapterKind): void {
  useRecorder('webgpu', {
    traced,
    valueOfTraced,
    around,
    structureOf,
    record: (graph) => new WebgpuRecording(engine().backend as WebGPUBackend, graph, adapter),
    refuse: (reason) => {
      throw new UnplannedError(reason);
    },
    isUnplanned: (error) => error instanceof UnplannedError,
    emptyTensor: (shape) => {
      const { backend } = engine();
      const info = (backend as WebGPUBackend).makeTensorInfo(shape, 'float32');
      return engine().makeTensorFromTensorInfo(info);
    },
  });
}
