import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SimdKernels, WasmBackend } from './simdModule.ts';

/** What a kernel function works with: the backend, our module, and addresses. */
export class WasmContext {
  constructor(
    readonly backend: WasmBackend,
    readonly simd: SimdKernels,
  ) {}

  /** Byte address of a tensor's values. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  output(shape: number[]): TensorInfo {
    return this.backend.makeOutput(shape, 'float32');
  }

  zeros(shape: number[]): TensorInfo {
    const info = this.output(shape);
    const start = this.address(info);
    this.backend.wasm.HEAPU8.fill(0, start, start + 4 * shape.reduce((a, b) => a * b, 1));
    return info;
  }

  /** Runs `work` with one scratch block for each size, in floats; they are freed afterwards. */
  withScratch(sizes: number[], work: (...addresses: number[]) => void): void {
    const { wasm } = this.backend;
    const total = sizes.reduce((a, b) => a + b, 0);
    const start = wasm._malloc(4 * total);
    if (start === 0) throw new Error(`wasm kernels: out of memory for ${4 * total} scratch bytes; use a smaller batch`);
    let next = start;
    try {
      work(
        ...sizes.map((size) => {
          const address = next;
          next += 4 * size;
          return address;
        }),
      );
    } finally {
      wasm._free(start);
    }
  }
}
