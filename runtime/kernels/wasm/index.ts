import { backend } from '@tensorflow/tfjs-core';
import { type KernelSet, registerKernels } from '../register.ts';
import { WasmContext } from './context.ts';
import { conv2d, conv2dGradFilter, conv2dGradInput } from './conv2d.ts';
import { adamW, silu, siluGrad, sumRows, upsample2x, upsample2xGrad } from './elementwise.ts';
import { attention, attentionGrad, groupNorm, groupNormGrad } from './normAndAttention.ts';
import { loadSimdKernels, type WasmBackend } from './simdModule.ts';

const KERNELS: KernelSet<WasmContext> = {
  conv2d,
  conv2dGradInput,
  conv2dGradFilter,
  sumRows,
  groupNorm,
  groupNormGrad,
  silu,
  siluGrad,
  attention,
  attentionGrad,
  upsample2x,
  upsample2xGrad,
  adamW,
};

/** Registers every kernel for tfjs's wasm backend, which must be the current one. */
export async function registerWasmKernels(): Promise<void> {
  const wasmBackend = backend() as unknown as WasmBackend;
  const ctx = new WasmContext(wasmBackend, await loadSimdKernels(wasmBackend));
  registerKernels('wasm', KERNELS, () => ctx);
}
