import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { DEFLATED_KERNELS, HALF_BYTES, SIMD_BYTES } from './binary.ts';

type Kernel = (...args: number[]) => void;

/** The exports of assembly/index.ts; pointers are byte addresses in the memory of tfjs's own module. */
export type SimdKernels = Record<
  | 'conv2d'
  | 'conv2dGradFilter'
  | 'dilate2d'
  | 'foldRim'
  | 'packFilter'
  | 'packFilterTransposed'
  | 'packPixels'
  | 'pad2d'
  | 'copyRows'
  | 'finishRows'
  | 'pointwise'
  | 'swapRows'
  | 'attention'
  | 'attentionGrad'
  | 'adamW'
  | 'silu'
  | 'siluGrad'
  | 'sumRows'
  | 'upsample2x'
  | 'upsample2xGrad'
  | 'groupNorm'
  | 'groupNormGrad'
  | 'winogradConv2d'
  | 'winogradDoubledConv2d'
  | 'winogradDoubledFilter'
  | 'winogradFilter'
  | 'winogradGradFilter',
  Kernel
>;

/** What the kernels use of tfjs's wasm backend. */
export interface WasmBackend {
  wasm: {
    HEAPU8: Uint8Array;
    asm: Record<string, unknown>;
    _malloc(sizeBytes: number): number;
    _free(pointer: number): void;
  };
  dataIdMap: { get(dataId: DataId): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: 'float32'): TensorInfo;
}

/** The bytes of what binary.ts holds: deflated, which is a sixth of them, as base64. */
async function inflated(text: string): Promise<ArrayBuffer> {
  const deflated = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const bytes = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(bytes).arrayBuffer();
}

const joined = (...parts: ArrayBuffer[]) => new Blob(parts).arrayBuffer();

/**
 * Instantiates our kernels over the memory of tfjs's wasm module, so that they read and write its tensors in place.
 * Fused multiply-add is used where the engine knows relaxed SIMD.
 */
export async function loadSimdKernels(backend: WasmBackend): Promise<SimdKernels> {
  const kernels = await inflated(DEFLATED_KERNELS);
  const second = HALF_BYTES + SIMD_BYTES;
  const relaxed = await joined(kernels.slice(HALF_BYTES, 2 * HALF_BYTES), kernels.slice(second));
  const isKnown = WebAssembly.validate(relaxed);
  const bytes = isKnown ? relaxed : await joined(kernels.slice(0, HALF_BYTES), kernels.slice(2 * HALF_BYTES, second));
  const memory = Object.values(backend.wasm.asm).find((value) => value instanceof WebAssembly.Memory);
  if (!memory) throw new Error('wasm kernels: tfjs exports no memory; use @tensorflow/tfjs-backend-wasm 4.22');
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports as SimdKernels;
}

/** Gives the kernels tfjs's backend, our module, and the addresses of tensors in the memory that both share. */
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
