import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { GroupNormAttrs } from '../groupNorm.ts';
import { type CpuContext, sizeOf } from './context.ts';
import { siluOf, siluSlope } from './silu.ts';

interface NormInputs {
  x: TensorInfo;
  gamma: TensorInfo;
  beta: TensorInfo;
  scale?: TensorInfo;
  shift?: TensorInfo;
}

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

function valuesOf(ctx: CpuContext, { x, gamma, beta, scale, shift }: NormInputs) {
  return {
    x: ctx.values(x),
    gamma: ctx.values(gamma),
    beta: ctx.values(beta),
    scale: scale && ctx.values(scale),
    shift: shift && ctx.values(shift),
  };
}

export function groupNorm(ctx: CpuContext, inputs: NormInputs, attrs: GroupNormAttrs): TensorInfo {
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

/**
 * Gradients in the order of the inputs. With dz the gradient before the activation and g = gamma · (1 + scale):
 * dx = rstd · (g dz − mean(g dz) − x̂ · mean(g dz x̂)), the means over the group.
 */
export function groupNormGrad(
  ctx: CpuContext,
  inputs: NormInputs & { dy: TensorInfo },
  attrs: GroupNormAttrs,
): TensorInfo[] {
  const { x, gamma, beta, scale, shift } = valuesOf(ctx, inputs);
  const dy = ctx.values(inputs.dy);
  const numModulations = inputs.scale ? sizeOf(inputs.scale) : 0;
  const [dx, dGamma, dBeta] = [
    new Float64Array(x.length),
    new Float64Array(gamma.length),
    new Float64Array(beta.length),
  ];
  const [dScale, dShift] = [new Float64Array(numModulations), new Float64Array(numModulations)];
  for (const group of groupsOf(inputs.x, attrs.numGroups)) {
    const [mean, rstd] = statsOf(group, x, attrs.epsilon);
    let [sum, weightedSum] = [0, 0];
    group.forEach((at, c, i) => {
      const xHat = (x[at]! - mean) * rstd;
      const normalised = xHat * gamma[c]! + beta[c]!;
      const factor = scale ? 1 + scale[i]! : 1;
      const dz = attrs.silu ? dy[at]! * siluSlope(normalised * factor + (shift?.[i] ?? 0)) : dy[at]!;
      dGamma[c]! += dz * factor * xHat;
      dBeta[c]! += dz * factor;
      if (scale) dScale[i]! += dz * normalised;
      if (scale) dShift[i]! += dz;
      dx[at] = dz * factor * gamma[c]!;
      sum += dx[at]!;
      weightedSum += dx[at]! * xHat;
    });
    group.forEach((at) => {
      const xHat = (x[at]! - mean) * rstd;
      dx[at] = rstd * (dx[at]! - sum / group.size - (xHat * weightedSum) / group.size);
    });
  }
  const grads = [ctx.output(inputs.x.shape, dx), ctx.output(inputs.gamma.shape, dGamma)];
  grads.push(ctx.output(inputs.beta.shape, dBeta));
  if (inputs.scale) grads.push(ctx.output(inputs.scale.shape, dScale), ctx.output(inputs.scale.shape, dShift));
  return grads;
}
