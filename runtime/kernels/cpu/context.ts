import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Gives the kernels tensors as typed arrays. */
export class CpuContext {
  constructor(readonly backend: MathBackendCPU) {}

  values(tensor: TensorInfo): Float32Array {
    return this.backend.data.get(tensor.dataId).values as Float32Array;
  }

  /** A float32 tensor of these values; sums gathered in double precision are rounded here. */
  output(shape: number[], values: Float32Array | Float64Array): TensorInfo {
    return this.backend.makeTensorInfo(shape, 'float32', Float32Array.from(values));
  }
}

export function sizeOf(tensor: TensorInfo): number {
  return util.sizeFromShape(tensor.shape);
}
