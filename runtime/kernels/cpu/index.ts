// The reference implementation: plain loops over typed arrays, sums in double precision.
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type KernelSet, registerKernels } from '../register.ts';
import { adamW } from './adamW.ts';
import { attention, attentionGrad } from './attention.ts';
import { CpuContext } from './context.ts';
import { conv2d, conv2dGradFilter, conv2dGradInput } from './conv2d.ts';
import { groupNorm, groupNormGrad } from './groupNorm.ts';
import { silu, siluGrad } from './silu.ts';
import { sumRows } from './sumRows.ts';
import { upsample2x, upsample2xGrad } from './upsample.ts';

const KERNELS: KernelSet<CpuContext> = {
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

/** Registers every kernel for tfjs's cpu backend. */
export function registerCpuKernels(): void {
  registerKernels('cpu', KERNELS, (backend) => new CpuContext(backend as MathBackendCPU));
}
