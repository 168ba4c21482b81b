// A plan's steps as dispatches of compute shaders.

import { attentionProgram, attentionSizes } from '../../webgpu/attention.ts';
import type { Lanes } from '../../webgpu/context.ts';
import { lanesFor } from '../../webgpu/context.ts';
import { normSizes } from '../../webgpu/groupNorm.ts';
import { forwardProgram } from '../../webgpu/groupNormShader.ts';
import { TEXELS_PROGRAM, texelSizes } from '../../webgpu/texels.ts';
import { channelsOf, type Node, UnplannedError, type Value } from '../graph.ts';
import type { Layout } from '../layout.ts';
import type { Command } from './command.ts';
import { convCommand } from './conv.ts';
import { normalsCommand } from './normals.ts';
import { pointwiseCommand, swapCommand } from './pointwise.ts';
import type { Tiling } from './tiling.ts';

/** @throws UnplannedError for an operation that has no shader of a plan */
export function commandOf(node: Node, layout: Layout, tiling: Tiling): Command {
  switch (node.kind) {
    case 'conv':
      return convCommand(node, layout.viewOf, tiling);
    case 'groupNorm':
      return normCommand(node, layout);
    case 'attention':
      return attentionCommand(node, layout);
    case 'normals':
      return normalsCommand(node, layout.viewOf);
    case 'texels':
      return texelsCommand(node, layout);
    case 'pointwise':
      return pointwiseCommand(node, layout);
    case 'swap':
      return swapCommand(node, layout);
    default:
      throw new UnplannedError(`an operation of the kind ${node.kind}`);
  }
}

function normCommand(node: Node & { kind: 'groupNorm' }, { viewOf }: Layout): Command {
  const [x, gamma, beta, scale, shift] = node.inputs as Value[];
  const [xView, yView] = [viewOf(x!), viewOf(node.output)];
  const places = { xOffset: xView.offset, xStride: xView.stride, yOffset: yView.offset, yStride: yView.stride };
  const [scaleView, shiftView] = [scale && viewOf(scale), shift && viewOf(shift)];
  if (scaleView && scaleView.stride !== shiftView!.stride) throw new UnplannedError('scale and shift apart');
  const modulationPlaces = scaleView && {
    scaleOffset: scaleView.offset,
    shiftOffset: shiftView!.offset,
    modulationStride: scaleView.stride,
  };
  const all = { ...places, ...modulationPlaces };
  const { variant, uniforms, numWorkgroups } = normSizes(x!.shape, scale !== undefined, node.attrs, all);
  const inputs = [x!, gamma!, beta!, ...(scale ? [scale, shift!] : [])].map((value) => viewOf(value).store);
  return { program: forwardProgram(variant), inputs, output: yView.store, uniforms, numWorkgroups, factors: [] };
}

function attentionCommand(node: Node & { kind: 'attention' }, { viewOf }: Layout): Command {
  const { d, numWorkgroups, uniforms } = attentionSizes(node.output.shape, node.attrs);
  const [q, k, v] = node.inputs.map((value) => viewOf(value!));
  const y = viewOf(node.output);
  const lanes: Lanes = lanesFor(d);
  const offsets = { qOffset: q!.offset, kOffset: k!.offset, vOffset: v!.offset, yOffset: y.offset };
  const places = { ...offsets, yStride: y.stride, inStride: q!.stride };
  const isEven = q!.stride === k!.stride && q!.stride === v!.stride && channelsOf(node.output) % lanes === 0;
  if (!isEven || lanesFor(...Object.values(places), lanes) < lanes)
    throw new UnplannedError('attention of uneven views');
  const inValues = Object.fromEntries(Object.entries(places).map(([name, at]) => [name, at / lanes]));
  return {
    program: attentionProgram(d),
    inputs: [q!, k!, v!].map(({ store }) => store),
    output: y.store,
    uniforms: { ...uniforms, ...inValues },
    numWorkgroups,
    factors: [],
  };
}

function texelsCommand(node: Node & { kind: 'texels' }, { viewOf }: Layout): Command {
  const [image] = node.inputs as [Value];
  const [from, to] = [viewOf(image), viewOf(node.output)];
  const { uniforms, numWorkgroups } = texelSizes(image.shape, node.attrs, { first: from.offset, stride: from.stride });
  return {
    program: TEXELS_PROGRAM,
    inputs: [from.store],
    output: to.store,
    uniforms,
    numWorkgroups,
    factors: [],
  };
}
