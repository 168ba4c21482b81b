import { getKernel, type KernelConfig, registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { ADAM_W } from './adamW.ts';
import { ATTENTION, ATTENTION_GRAD } from './attention.ts';
import { CONV2D, CONV2D_GRAD_FILTER, CONV2D_GRAD_INPUT, SUM_ROWS } from './conv2d.ts';
import { GROUP_NORM, GROUP_NORM_GRAD, MODULATED_GROUP_NORM, MODULATED_GROUP_NORM_GRAD } from './groupNorm.ts';
import { SILU, SILU_GRAD } from './silu.ts';
import { UPSAMPLE_2X, UPSAMPLE_2X_GRAD } from './upsample.ts';

// biome-ignore lint/suspicious/noExplicitAny: a kernel's inputs and attributes are typed by its own function
type Kernel<Context> = (ctx: Context, inputs: any, attrs: any) => TensorInfo | TensorInfo[];

/** What a backend implements: every operation of the networks, forward and gradient. Those of filters are for training alone. */
export type KernelSet<Context> = Record<
  | 'conv2d'
  | 'conv2dGradInput'
  | 'conv2dGradFilter'
  | 'sumRows'
  | 'groupNorm'
  | 'groupNormGrad'
  | 'silu'
  | 'siluGrad'
  | 'attention'
  | 'attentionGrad'
  | 'upsample2x'
  | 'upsample2xGrad'
  | 'adamW',
  Kernel<Context>
>;

/**
 * Registers a backend's kernels, or some of them, with tfjs under the names that the operations call.
 *
 * @param contextOf what the kernels of this backend work with, from tfjs's backend object
 */
export function registerKernels<Context>(
  backendName: string,
  kernels: Partial<KernelSet<Context>>,
  contextOf: (backend: unknown) => Context,
): void {
  const named: Record<string, Kernel<Context> | undefined> = {
    [CONV2D]: kernels.conv2d,
    [CONV2D_GRAD_INPUT]: kernels.conv2dGradInput,
    [CONV2D_GRAD_FILTER]: kernels.conv2dGradFilter,
    [SUM_ROWS]: kernels.sumRows,
    [GROUP_NORM]: kernels.groupNorm,
    [MODULATED_GROUP_NORM]: kernels.groupNorm,
    [GROUP_NORM_GRAD]: kernels.groupNormGrad,
    [MODULATED_GROUP_NORM_GRAD]: kernels.groupNormGrad,
    [SILU]: kernels.silu,
    [SILU_GRAD]: kernels.siluGrad,
    [ATTENTION]: kernels.attention,
    [ATTENTION_GRAD]: kernels.attentionGrad,
    [UPSAMPLE_2X]: kernels.upsample2x,
    [UPSAMPLE_2X_GRAD]: kernels.upsample2xGrad,
    [ADAM_W]: kernels.adamW,
  };
  for (const [kernelName, run] of Object.entries(named)) {
    if (!run) continue;
    const kernelFunc: KernelConfig['kernelFunc'] = ({ inputs, attrs, backend }) =>
      run(contextOf(backend), inputs, attrs);
    registerKernel({ kernelName, backendName, kernelFunc });
  }
}

/** Whether our kernels are registered for a backend already; tfjs warns when a kernel is registered twice. */
export function hasKernels(backendName: string): boolean {
  return getKernel(SILU, backendName) !== undefined;
}
