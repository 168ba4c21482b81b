import { backend } from '@tensorflow/tfjs-core';
import { type KernelSet, registerKernels } from '../register.ts';
import { loadSimdKernels, type WasmBackend, WasmContext } from './context.ts';
import { wasmConv2d } from './conv2d.ts';
import { wasmElementwise } from './elementwise.ts';
import { shareClones } from './identity.ts';
import { wasmNormAndAttention } from './normAndAttention.ts';

const KERNELS: KernelSet<WasmContext> = { ...wasmConv2d, ...wasmNormAndAttention, ...wasmElementwise };

/** Registers every kernel for tfjs's wasm backend, which must be the current one; gives what they work with. */
export async function registerWasmKernels(): Promise<WasmContext> {
  const wasmBackend = backend() as unknown as WasmBackend;
  const ctx = new WasmContext(wasmBackend, await loadSimdKernels(wasmBackend));
  registerKernels('wasm', KERNELS, () => ctx);
  shareClones();
  return ctx;
}
