import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type AdamWAttrs, adamWScalars } from '../adamW.ts';
import { type CpuContext, sizeOf } from './context.ts';

type AdamWInputs = Record<'param' | 'grad' | 'm' | 'v', TensorInfo>;

/** The new parameter and moments. */
export function adamW(ctx: CpuContext, { param, grad, m, v }: AdamWInputs, attrs: AdamWAttrs): TensorInfo[] {
  const { beta1, beta2, epsilon, gradScale } = attrs;
  const { stepSize, rootScale, decay } = adamWScalars(attrs);
  const [params, grads, ms, vs] = [param, grad, m, v].map((tensor) => ctx.values(tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const size = sizeOf(param);
  const [newParams, newMs, newVs] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  for (let i = 0; i < size; i++) {
    const g = grads[i]! * gradScale;
    const newM = beta1 * ms[i]! + (1 - beta1) * g;
    const newV = beta2 * vs[i]! + (1 - beta2) * g * g;
    newParams[i] = decay * params[i]! - (stepSize * newM) / (rootScale * Math.sqrt(newV) + epsilon);
    newMs[i] = newM;
    newVs[i] = newV;
  }
  return [newParams, newMs, newVs].map((values) => ctx.output(param.shape, values));
}
