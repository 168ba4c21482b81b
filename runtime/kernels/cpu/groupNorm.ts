import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { GroupNormAttrs, GroupNormInputs } from '../groupNorm.ts';
import { type CpuContext, sizeOf } from './context.ts';
import { siluOf, siluSlope } from './elementwise.ts';

/** The elements of one group of one image: `at` in x, its channel, and the channel's place in (B, C). */
type ElementVisitor = (at: number, channel: number, modulationAt: number) => void;

interface Group {
  size: number;
  forEach(visit: ElementVisitor): void;
}

function groupsOf({ shape }: TensorInfo, numGroups: number): Group[] {
  const numChannels = shape[shape.length - 1]!;
  const numPixels = shape.slice(1, -1).reduce((a, b) => a * b, 1);
  const width = numChannels / numGroups;
  return Array.from({ length: shape[0]! * numGroups }, (_, i) => {
    const image = Math.floor(i / numGroups);
    const first = (i % numGroups) * width;
    const forEach = (visit: ElementVisitor) => {
      for (let pixel = image * numPixels; pixel < (image + 1) * numPixels; pixel++) {
        for (let c = first; c < first + width; c++) visit(pixel * numChannels + c, c, image * numChannels + c);
      }
    };
    return { size: numPixels * width, forEach };
  });
}

/** Mean and 1 / √(var + ε) over a group. */
function statsOf(group: Group, x: Float32Array, epsilon: number): [mean: number, rstd: number] {
  let sum = 0;
  group.forEach((at) => {
    sum += x[at]!;
  });
  const mean = sum / group.size;
  let squares = 0;
  group.forEach((at) => {
    squares += (x[at]! - mean) ** 2;
  });
  return [mean, 1 / Math.sqrt(squares / group.size + epsilon)];
}

function valuesOf(ctx: CpuContext, { x, gamma, beta, scale, shift }: GroupNormInputs) {
  return {
    x: ctx.values(x),
    gamma: ctx.values(gamma),
    beta: ctx.values(beta),
    scale: scale && ctx.values(scale),
    shift: shift && ctx.values(shift),
  };
}

function groupNorm(ctx: CpuContext, inputs: GroupNormInputs, attrs: GroupNormAttrs): TensorInfo {
  const { x, gamma, beta, scale, shift } = valuesOf(ctx, inputs);
  const out = new Float32Array(x.length);
  for (const group of groupsOf(inputs.x, attrs.numGroups)) {
    const [mean, rstd] = statsOf(group, x, attrs.epsilon);
    group.forEach((at, c, i) => {
      const normalised = (x[at]! - mean) * rstd * gamma[c]! + beta[c]!;
      const z = scale && shift ? normalised * (1 + scale[i]!) + shift[i]! : normalised;
      out[at] = attrs.silu ? siluOf(z) : z;
    });
  }
  return ctx.output(inputs.x.shape, out);
}

/** Gradients of all inputs; those of scale and shift are empty where these are not given. */
function zeroGrads(inputs: GroupNormInputs): Record<keyof GroupNormInputs, Float64Array> {
  const zeros = (tensor?: TensorInfo) => new Float64Array(tensor ? sizeOf(tensor) : 0);
  const { x, gamma, beta, scale, shift } = inputs;
  return { x: zeros(x), gamma: zeros(gamma), beta: zeros(beta), scale: zeros(scale), shift: zeros(shift) };
}

/**
 * Adds one group's gradients. With dz the gradient before the activation and g = gamma · (1 + scale):
 * dx = rstd · (g dz − mean(g dz) − x̂ · mean(g dz x̂)), the means over the group.
 */
function addGroupGrads(
  group: Group,
  { x, gamma, beta, scale, shift }: ReturnType<typeof valuesOf>,
  dy: Float32Array,
  grads: ReturnType<typeof zeroGrads>,
  attrs: GroupNormAttrs,
): void {
  const [mean, rstd] = statsOf(group, x, attrs.epsilon);
  let [sum, weightedSum] = [0, 0];
  group.forEach((at, c, i) => {
    const xHat = (x[at]! - mean) * rstd;
    const normalised = xHat * gamma[c]! + beta[c]!;
    const factor = scale ? 1 + scale[i]! : 1;
    const dz = attrs.silu ? dy[at]! * siluSlope(normalised * factor + (shift?.[i] ?? 0)) : dy[at]!;
    grads.gamma[c]! += dz * factor * xHat;
    grads.beta[c]! += dz * factor;
    if (scale) grads.scale[i]! += dz * normalised;
    if (shift) grads.shift[i]! += dz;
    grads.x[at] = dz * factor * gamma[c]!;
    sum += grads.x[at]!;
    weightedSum += grads.x[at]! * xHat;
  });
  group.forEach((at) => {
    const xHat = (x[at]! - mean) * rstd;
    grads.x[at] = rstd * (grads.x[at]! - sum / group.size - (xHat * weightedSum) / group.size);
  });
}

/** Returns the gradients in the order of the inputs. */
function groupNormGrad(
  ctx: CpuContext,
  inputs: GroupNormInputs & { dy: TensorInfo },
  attrs: GroupNormAttrs,
): TensorInfo[] {
  const values = valuesOf(ctx, inputs);
  const grads = zeroGrads(inputs);
  const dy = ctx.values(inputs.dy);
  for (const group of groupsOf(inputs.x, attrs.numGroups)) addGroupGrads(group, values, dy, grads, attrs);
  const names = inputs.scale ? (['x', 'gamma', 'beta', 'scale', 'shift'] as const) : (['x', 'gamma', 'beta'] as const);
  return names.map((name) => ctx.output(inputs[name]!.shape, grads[name]));
}

export const cpuGroupNorm = { groupNorm, groupNormGrad };
