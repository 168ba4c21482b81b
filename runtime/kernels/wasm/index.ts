import { backend, type KernelConfig, registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { ADAM_W } from '../adamW.ts';
import { ATTENTION, ATTENTION_GRAD } from '../attention.ts';
import { CONV2D, CONV2D_GRAD_FILTER, CONV2D_GRAD_INPUT, SUM_ROWS } from '../conv2d.ts';
import { GROUP_NORM, GROUP_NORM_GRAD, MODULATED_GROUP_NORM, MODULATED_GROUP_NORM_GRAD } from '../groupNorm.ts';
import { SILU, SILU_GRAD } from '../silu.ts';
import { UPSAMPLE_2X, UPSAMPLE_2X_GRAD } from '../upsample.ts';
import { WasmContext } from './context.ts';
import { conv2d, conv2dGradFilter, conv2dGradInput } from './conv2d.ts';
import { adamW, silu, siluGrad, sumRows, upsample2x, upsample2xGrad } from './elementwise.ts';
import { attention, attentionGrad, groupNorm, groupNormGrad } from './normAndAttention.ts';
import { loadSimdKernels, type WasmBackend } from './simdModule.ts';

// biome-ignore lint/suspicious/noExplicitAny: a kernel's inputs and attributes are typed by its own function
type KernelFunction = (ctx: WasmContext, inputs: any, attrs: any) => TensorInfo | TensorInfo[];

const KERNELS: Record<string, KernelFunction> = {
  [CONV2D]: conv2d,
  [CONV2D_GRAD_INPUT]: conv2dGradInput,
  [CONV2D_GRAD_FILTER]: conv2dGradFilter,
  [SUM_ROWS]: sumRows,
  [GROUP_NORM]: groupNorm,
  [MODULATED_GROUP_NORM]: groupNorm,
  [GROUP_NORM_GRAD]: groupNormGrad,
  [MODULATED_GROUP_NORM_GRAD]: groupNormGrad,
  [SILU]: silu,
  [SILU_GRAD]: siluGrad,
  [ATTENTION]: attention,
  [ATTENTION_GRAD]: attentionGrad,
  [UPSAMPLE_2X]: upsample2x,
  [UPSAMPLE_2X_GRAD]: upsample2xGrad,
  [ADAM_W]: adamW,
};

/** Registers every kernel for tfjs's wasm backend, which must be the current one. */
export async function registerWasmKernels(): Promise<void> {
  const wasmBackend = backend() as unknown as WasmBackend;
  const ctx = new WasmContext(wasmBackend, await loadSimdKernels(wasmBackend));
  for (const [kernelName, run] of Object.entries(KERNELS)) {
    const kernelFunc: KernelConfig['kernelFunc'] = ({ inputs, attrs }) => run(ctx, inputs, attrs);
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
}
