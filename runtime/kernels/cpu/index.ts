// The reference implementation: plain loops over typed arrays, sums in double precision.
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type KernelSet, registerKernels } from '../register.ts';
import { cpuAttention } from './attention.ts';
import { CpuContext } from './context.ts';
import { cpuConv2d } from './conv2d.ts';
import { cpuElementwise } from './elementwise.ts';
import { cpuGroupNorm } from './groupNorm.ts';

const KERNELS: KernelSet<CpuContext> = { ...cpuConv2d, ...cpuGroupNorm, ...cpuAttention, ...cpuElementwise };

/** Registers every kernel for tfjs's cpu backend. */
export function registerCpuKernels(): void {
  registerKernels('cpu', KERNELS, (backend) => new CpuContext(backend as MathBackendCPU));
}
