// Kernels of one thread an element of the output.
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type AdamWAttrs, type AdamWInputs, adamWScalars } from '../adamW.ts';
import { type Lanes, lanesFor, type Program, type WebgpuContext } from './context.ts';

const WORKGROUP_SIZE = 64;

interface ElementwiseSpec {
  name: string;
  inputs: string[];
  outputs: string[];
  uniforms?: Program['uniforms'];
  /** Statements that set the outputs at `i`, counted in Values. */
  body: string;
}

/** Builds a program of one thread an element of the output, once for each number of lanes. */
export function elementwise({ name, inputs, outputs, uniforms, body }: ElementwiseSpec): Record<Lanes, Program> {
  const types = (names: string[]) => Object.fromEntries(names.map((buffer) => [buffer, 'Value' as const]));
  const build = (lanes: Lanes): Program => ({
    key: `${name} ${lanes}`,
    lanes,
    inputs: types(inputs),
    outputs: types(outputs),
    uniforms: { size: 'i32', ...uniforms },
    workgroupSize: WORKGROUP_SIZE,
    code: `
      fn main(group: i32, local: i32) {
        let i = group * WORKGROUP_SIZE + local;
        if (i >= uniforms.size) { return; }
        ${body}
      }
    `,
  });
  return { 1: build(1), 4: build(4) };
}

/** Runs such a program over `size` values; `inner` is the size that must be whole in a Value (default `size` itself). */
export function runElementwise(
  ctx: WebgpuContext,
  programs: Record<Lanes, Program>,
  inputs: TensorInfo[],
  outputShapes: number[][],
  size: number,
  { inner = size, ...uniforms }: Record<string, number> = {},
): TensorInfo[] {
  const lanes = lanesFor(inner);
  const numValues = size / lanes;
  const values = { ...uniforms, inner: inner / lanes, size: numValues };
  return ctx.run(programs[lanes], inputs, outputShapes, values, Math.ceil(numValues / WORKGROUP_SIZE));
}

const SILU_PROGRAM = elementwise({
  name: 'silu',
  inputs: ['x'],
  outputs: ['y'],
  body: 'y[i] = x[i] * sigmoid(x[i]);',
});

const SILU_GRAD_PROGRAM = elementwise({
  name: 'silu gradient',
  inputs: ['x', 'dy'],
  outputs: ['dx'],
  body: 'dx[i] = dy[i] * siluSlope(x[i]);',
});

function silu(ctx: WebgpuContext, { x }: { x: TensorInfo }): TensorInfo {
  return runElementwise(ctx, SILU_PROGRAM, [x], [x.shape], util.sizeFromShape(x.shape))[0]!;
}

function siluGrad(ctx: WebgpuContext, { x, dy }: { x: TensorInfo; dy: TensorInfo }): TensorInfo {
  return runElementwise(ctx, SILU_GRAD_PROGRAM, [x, dy], [x.shape], util.sizeFromShape(x.shape))[0]!;
}

type Shape4 = [number, number, number, number];

/** `inner`: channels, in Values; `width`: of the small image. Rows of all images lie below one another. */
const UPSAMPLE_UNIFORMS = { inner: 'i32', width: 'i32' } as const;

const UPSAMPLE_PROGRAM = elementwise({
  name: 'upsample 2x',
  inputs: ['x'],
  outputs: ['y'],
  uniforms: UPSAMPLE_UNIFORMS,
  body: `
    let pixel = i / uniforms.inner;
    let row = pixel / (2 * uniforms.width);
    let column = pixel % (2 * uniforms.width);
    y[i] = x[((row / 2) * uniforms.width + column / 2) * uniforms.inner + i % uniforms.inner];
  `,
});

const UPSAMPLE_GRAD_PROGRAM = elementwise({
  name: 'upsample 2x gradient',
  inputs: ['dy'],
  outputs: ['dx'],
  uniforms: UPSAMPLE_UNIFORMS,
  body: `
    let pixel = i / uniforms.inner;
    let row = pixel / uniforms.width;
    let column = pixel % uniforms.width;
    let below = 2 * uniforms.width * uniforms.inner;
    let at = 2 * row * below + 2 * column * uniforms.inner + i % uniforms.inner;
    dx[i] = (dy[at] + dy[at + uniforms.inner]) + (dy[at + below] + dy[at + below + uniforms.inner]);
  `,
});

function upsample2x(ctx: WebgpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const [n, h, w, c] = x.shape as Shape4;
  const size = 4 * util.sizeFromShape(x.shape);
  return runElementwise(ctx, UPSAMPLE_PROGRAM, [x], [[n, 2 * h, 2 * w, c]], size, { inner: c, width: w })[0]!;
}

function upsample2xGrad(ctx: WebgpuContext, { dy }: { dy: TensorInfo }): TensorInfo {
  const [n, h, w, c] = dy.shape as Shape4;
  const size = util.sizeFromShape(dy.shape) / 4;
  return runElementwise(ctx, UPSAMPLE_GRAD_PROGRAM, [dy], [[n, h / 2, w / 2, c]], size, { inner: c, width: w / 2 })[0]!;
}

const ADAM_W_SCALARS = ['stepSize', 'rootScale', 'decay', 'beta1', 'beta2', 'gain1', 'gain2', 'epsilon', 'gradScale'];

/** All three results in one pass over memory. */
const ADAM_W_PROGRAM = elementwise({
  name: 'adamW',
  inputs: ['param', 'grad', 'm', 'v'],
  outputs: ['newParam', 'newM', 'newV'],
  uniforms: Object.fromEntries(ADAM_W_SCALARS.map((scalar) => [scalar, 'f32' as const])),
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

/** Returns the new parameter and moments. */
function adamW(ctx: WebgpuContext, { param, grad, m, v }: AdamWInputs, attrs: AdamWAttrs): TensorInfo[] {
  const { beta1, beta2, epsilon, gradScale } = attrs;
  const scalars = { ...adamWScalars(attrs), beta1, beta2, gain1: 1 - beta1, gain2: 1 - beta2, epsilon, gradScale };
  const shapes = [param.shape, param.shape, param.shape];
  return runElementwise(ctx, ADAM_W_PROGRAM, [param, grad, m, v], shapes, util.sizeFromShape(param.shape), scalars);
}

export const webgpuElementwise = { silu, siluGrad, upsample2x, upsample2xGrad, adamW };
