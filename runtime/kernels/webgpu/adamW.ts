import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type AdamWAttrs, adamWScalars } from '../adamW.ts';
import type { WebgpuContext } from './context.ts';
import { elementwise, runElementwise } from './elementwise.ts';

type AdamWInputs = Record<'param' | 'grad' | 'm' | 'v', TensorInfo>;

const SCALARS = ['stepSize', 'rootScale', 'decay', 'beta1', 'beta2', 'gain1', 'gain2', 'epsilon', 'gradScale'];

/** All three results in one pass over memory. */
const PROGRAM = elementwise({
  name: 'adamW',
  inputs: ['param', 'grad', 'm', 'v'],
  outputs: ['newParam', 'newM', 'newV'],
  uniforms: Object.fromEntries(SCALARS.map((scalar) => [scalar, 'f32' as const])),
  body: `
    let g = grad[i] * uniforms.gradScale;
    let first = uniforms.beta1 * m[i] + uniforms.gain1 * g;
    let second = uniforms.beta2 * v[i] + uniforms.gain2 * g * g;
    newM[i] = first;
    newV[i] = second;
    newParam[i] = uniforms.decay * param[i]
      - uniforms.stepSize * first / (uniforms.rootScale * sqrt(second) + uniforms.epsilon);
  `,
});

/** The new parameter and moments. */
export function adamW(ctx: WebgpuContext, { param, grad, m, v }: AdamWInputs, attrs: AdamWAttrs): TensorInfo[] {
  const { beta1, beta2, epsilon, gradScale } = attrs;
  const scalars = { ...adamWScalars(attrs), beta1, beta2, gain1: 1 - beta1, gain2: 1 - beta2, epsilon, gradScale };
  const shapes = [param.shape, param.shape, param.shape];
  return runElementwise(ctx, PROGRAM, [param, grad, m, v], shapes, util.sizeFromShape(param.shape), scalars);
}
