import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { GroupNormAttrs, GroupNormInputs } from '../groupNorm.ts';
import { lanesFor, type WebgpuContext } from './context.ts';
import {
  FOLD_COLUMNS,
  forwardProgram,
  gradientProgram,
  type NormVariant,
  parameterProgram,
} from './groupNormShader.ts';

interface NormSizes {
  variant: NormVariant;
  numImages: number;
  numWorkgroups: number;
  uniforms: Record<string, number>;
}

/** @param places offsets and strides in elements, all of which the lanes must divide */
export function normSizes(
  shape: readonly number[],
  isModulated: boolean,
  { numGroups, epsilon, silu }: GroupNormAttrs,
  places: Readonly<Record<string, number>> = {},
): NormSizes {
  const numImages = shape[0]!;
  const numChannels = shape[shape.length - 1]!;
  const numPixels = shape.slice(1, -1).reduce((a, b) => a * b, 1);
  const width = numChannels / numGroups;
  const lanes = lanesFor(width, ...Object.values(places));
  const numWorkgroups = numImages * numGroups;
  const inValues = Object.entries({ numChannels, width, ...places }).map(([name, size]) => [name, size / lanes]);
  const inPixels = { numPixels, numGroups, count: numPixels * width, numWorkgroups, epsilon };
  const uniforms = { ...inPixels, ...Object.fromEntries(inValues) };
  return { variant: { lanes, silu, modulated: isModulated }, numImages, numWorkgroups, uniforms };
}

function sizesOf({ x, scale }: GroupNormInputs, attrs: GroupNormAttrs): NormSizes {
  return normSizes(x.shape, scale !== undefined, attrs);
}

function groupNorm(ctx: WebgpuContext, { x, gamma, beta, scale, shift }: GroupNormInputs, attrs: GroupNormAttrs) {
  const stride = gamma.shape[0]!;
  const places = { xOffset: 0, xStride: stride, yOffset: 0, yStride: stride };
  const modulationPlaces = scale && { scaleOffset: 0, shiftOffset: 0, modulationStride: stride };
  const sizes = normSizes(x.shape, scale !== undefined, attrs, { ...places, ...modulationPlaces });
  const buffers = scale && shift ? [x, gamma, beta, scale, shift] : [x, gamma, beta];
  return ctx.run(forwardProgram(sizes.variant), buffers, [x.shape], sizes.uniforms, sizes.numWorkgroups)[0]!;
}

/** Returns the gradients in the order of the inputs. */
function groupNormGrad(
  ctx: WebgpuContext,
  inputs: GroupNormInputs & { dy: TensorInfo },
  attrs: GroupNormAttrs,
): TensorInfo[] {
  const { x, gamma } = inputs;
  const { variant, uniforms, numWorkgroups, numImages } = sizesOf(inputs, attrs);
  const numChannels = gamma.shape[0]!;
  const program = gradientProgram(variant);
  const buffers = Object.keys(program.inputs).map((name) => inputs[name as keyof typeof inputs]!);
  const shapes = [x.shape, [2, numImages, numChannels]];
  const [dx, sums] = ctx.run(program, buffers, shapes, uniforms, numWorkgroups) as [TensorInfo, TensorInfo];
  const grads = parameterGrads(ctx, inputs, sums, numImages, numChannels);
  ctx.dispose(sums);
  return [dx, ...grads];
}

function parameterGrads(
  ctx: WebgpuContext,
  { gamma, beta, scale }: GroupNormInputs,
  sums: TensorInfo,
  numImages: number,
  numChannels: number,
): TensorInfo[] {
  const program = parameterProgram(scale !== undefined);
  const buffers = scale ? [sums, gamma, beta, scale] : [sums];
  const shapes = [gamma.shape, beta.shape, ...(scale ? [scale.shape, scale.shape] : [])];
  const numWorkgroups = Math.ceil(numChannels / FOLD_COLUMNS);
  return ctx.run(program, buffers, shapes, { numImages, numChannels }, numWorkgroups);
}

export const webgpuGroupNorm = { groupNorm, groupNormGrad };
