// Recordings on tfjs's wasm backend.
import { engine } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../../wasm/context.ts';
import { useRecorder } from '../recordings.ts';
import { tracing } from '../tracing.ts';
import { PackedFilters } from './memory.ts';
import { WasmRecording } from './recording.ts';

/** Lets networks on wasm be recorded. */
export function useWasmRecorder(ctx: WasmContext): void {
  const filters = new PackedFilters(ctx);
  useRecorder('wasm', {
    ...tracing,
    record: (graph) => new WasmRecording(ctx, filters, graph),
    emptyTensor: (shape) => engine().makeTensorFromTensorInfo(ctx.output(shape)),
  });
}
