// The layers of Figment's networks as ONNX operations, with the weights' names and layouts of diffusers: (B, C, H, W).
import { numElements, type WeightTensor } from '../../../runtime/index.ts';
import type { OnnxGraph } from './onnxGraph.ts';

/** An image within a graph. */
export interface Features {
  name: string;
  channels: number;
  height: number;
  width: number;
}

/** What all layers of a network share. */
export interface LayerContext {
  graph: OnnxGraph;
  /** PyTorch's layout. */
  weights: ReadonlyMap<string, WeightTensor>;
  circular: boolean;
  numGroups: number;
  epsilon: number;
  /** Divides the sum of a residual connection. */
  outputScale: number;
  /** The embedding scales and shifts the second norm instead of being added before it. */
  scaleShift: boolean;
}

export interface ResnetNames {
  prefix: string;
  cin: number;
  cout: number;
}

export interface AttentionNames {
  prefix: string;
  channels: number;
  numHeads: number;
  /** null when there is no norm before the attention. */
  numGroups: number | null;
}

/** A weight of the network, in the shape that an operation wants. */
export function weightOf({ graph, weights }: LayerContext, name: string, shape?: readonly number[]): string {
  const tensor = weights.get(name);
  if (!tensor) throw new Error(`export onnx: the weight ${name} is missing; load all weights of the model's config`);
  const alias = shape ? `${name}:${shape.join('x')}` : name;
  return graph.floats(alias, shape ?? tensor.shape, tensor.data as Float32Array);
}

/** Numbers of the graph's own. */
export function constant(
  { graph }: LayerContext,
  name: string,
  values: readonly number[],
  shape: readonly number[] = [],
): string {
  if (numElements(shape) !== values.length) throw new RangeError(`export onnx: ${name} does not fit its shape`);
  return graph.floats(name, shape, Float32Array.from(values));
}

export function scaledBy(context: LayerContext, value: string, factor: number): string {
  return factor === 1 ? value : context.graph.op('Mul', [value, constant(context, `factor_${factor}`, [factor])]);
}

export function siluOf({ graph }: LayerContext, value: string): string {
  return graph.op('Mul', [value, graph.op('Sigmoid', [value])]);
}

export interface ConvOptions {
  stride?: number;
  /** Rows and columns added: top, left, bottom, right. Default 1 everywhere. */
  pads?: readonly [number, number, number, number];
}

export function convOf(context: LayerContext, x: Features, name: string, options: ConvOptions = {}): Features {
  const { graph, weights, circular } = context;
  const { stride = 1, pads = [1, 1, 1, 1] } = options;
  const [cout, , kernel] = weights.get(`${name}.weight`)!.shape as [number, number, number];
  const isWrapped = circular && pads.some((pad) => pad > 0);
  const input = isWrapped ? wrap(graph, x, pads) : x.name;
  const inputs = [input, weightOf(context, `${name}.weight`), weightOf(context, `${name}.bias`)];
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: isWrapped ? [0, 0, 0, 0] : pads,
  };
  const sizeOf = (size: number, before: number, after: number) =>
    Math.floor((size + before + after - kernel) / stride) + 1;
  return {
    name: graph.op('Conv', inputs, attributes),
    channels: cout,
    height: sizeOf(x.height, pads[0], pads[2]),
    width: sizeOf(x.width, pads[1], pads[3]),
  };
}

/** The image with rows and columns from its other side around it. */
function wrap(graph: OnnxGraph, { name, height, width }: Features, pads: readonly number[]): string {
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const alongAxis = (value: string, axis: number, size: number, before: number, after: number) => {
    const part = (from: number, to: number) =>
      graph.op('Slice', [value, graph.integers([from]), graph.integers([to]), graph.integers([axis])]);
    const parts = [before > 0 ? part(size - before, size) : [], value, after > 0 ? part(0, after) : []].flat();
    return parts.length === 1 ? value : graph.op('Concat', parts, { axis });
  };
  return alongAxis(alongAxis(name, 2, height, top, bottom), 3, width, left, right);
}

/** Group norm by instance norm of the groups, which opset 17 has. */
export function normOf(
  context: LayerContext,
  x: Features,
  name: string,
  options: { numGroups?: number; silu?: boolean; modulation?: { scale: string; shift: string } } = {},
): Features {
  const { graph, epsilon } = context;
  const { numGroups = context.numGroups, silu = true, modulation } = options;
  const { channels, height, width } = x;
  const perChannel = [1, channels, 1, 1];
  const groups = graph.op('Reshape', [x.name, graph.integers([0, numGroups, -1])]);
  const ones = constant(context, `ones_${numGroups}`, new Array(numGroups).fill(1), [numGroups]);
  const zeros = constant(context, `zeros_${numGroups}`, new Array(numGroups).fill(0), [numGroups]);
  const normed = graph.op('InstanceNormalization', [groups, ones, zeros], { epsilon });
  const image = graph.op('Reshape', [normed, graph.integers([0, channels, height, width])]);
  const scaled = graph.op('Mul', [image, weightOf(context, `${name}.weight`, perChannel)]);
  const shifted = graph.op('Add', [scaled, weightOf(context, `${name}.bias`, perChannel)]);
  const modulated = modulation
    ? graph.op('Add', [
        graph.op('Mul', [shifted, graph.op('Add', [modulation.scale, constant(context, 'one', [1])])]),
        modulation.shift,
      ])
    : shifted;
  return { ...x, name: silu ? siluOf(context, modulated) : modulated };
}

/** (B, in) to (B, out). */
export function linearOf(context: LayerContext, value: string, name: string): string {
  const inputs = [value, weightOf(context, `${name}.weight`), weightOf(context, `${name}.bias`)];
  return context.graph.op('Gemm', inputs, { transB: 1 });
}

/** Residual block; see `resnetPass`. @param embedding (B, timeChannels), SiLU already applied; null without time */
export function resnetOf(
  context: LayerContext,
  { prefix, cin, cout }: ResnetNames,
  x: Features,
  embedding: string | null,
  resize: (x: Features) => Features = (same) => same,
): Features {
  const { graph, scaleShift, outputScale } = context;
  const skipped = resize(x);
  const h = convOf(context, resize(normOf(context, x, `${prefix}.norm1`)), `${prefix}.conv1`);
  const time = embedding === null ? null : linearOf(context, embedding, `${prefix}.time_emb_proj`);
  const part = (from: number) => {
    const columns = graph.op('Slice', [
      time!,
      graph.integers([from]),
      graph.integers([from + cout]),
      graph.integers([1]),
    ]);
    return graph.op('Reshape', [columns, graph.integers([-1, cout, 1, 1])]);
  };
  const added = time && !scaleShift ? { ...h, name: graph.op('Add', [h.name, part(0)]) } : h;
  const modulation = time && scaleShift ? { scale: part(0), shift: part(cout) } : undefined;
  const normed = normOf(context, added, `${prefix}.norm2`, modulation ? { modulation } : {});
  const residual = convOf(context, normed, `${prefix}.conv2`);
  const shortcut = cin === cout ? skipped : convOf(context, skipped, `${prefix}.conv_shortcut`, { pads: [0, 0, 0, 0] });
  const sum = graph.op('Add', [shortcut.name, residual.name]);
  return { ...residual, name: scaledBy(context, sum, 1 / outputScale) };
}

/** Self-attention over all pixels, with a residual connection; see `selfAttention`. */
export function attentionOf(context: LayerContext, block: AttentionNames, x: Features): Features {
  const { graph, outputScale } = context;
  const { prefix, channels, numHeads, numGroups } = block;
  const headSize = channels / numHeads;
  const normed = numGroups === null ? x : normOf(context, x, `${prefix}.group_norm`, { numGroups, silu: false });
  const project = (value: string, name: string) => {
    const weight = weightOf(context, `${prefix}.${name}.weight`, [channels, channels, 1, 1]);
    return graph.op('Conv', [value, weight, weightOf(context, `${prefix}.${name}.bias`)], { kernel_shape: [1, 1] });
  };
  const inHeads = (name: string) =>
    graph.op('Reshape', [project(normed.name, name), graph.integers([0, numHeads, headSize, x.height * x.width])]);
  const [q, k, v] = ['to_q', 'to_k', 'to_v'].map(inHeads) as [string, string, string]; // (B, heads, size, places)
  const asked = scaledBy(context, graph.op('Transpose', [q], { perm: [0, 1, 3, 2] }), 1 / Math.sqrt(headSize));
  const shares = graph.op('Softmax', [graph.op('MatMul', [asked, k])], { axis: -1 }); // (B, heads, places, places)
  const mixed = graph.op('MatMul', [v, graph.op('Transpose', [shares], { perm: [0, 1, 3, 2] })]);
  const image = graph.op('Reshape', [mixed, graph.integers([0, channels, x.height, x.width])]);
  const sum = graph.op('Add', [x.name, project(image, 'to_out.0')]);
  return { ...x, name: scaledBy(context, sum, 1 / outputScale) };
}

/** Doubles the image by repetition. */
export function doubled(context: LayerContext, x: Features): Features {
  const scales = constant(context, 'scales_2x', [1, 1, 2, 2], [4]);
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  const name = context.graph.op('Resize', [x.name, '', scales], attributes);
  return { ...x, name, height: 2 * x.height, width: 2 * x.width };
}

/** Halves the image to the means of 2×2 pixels. */
export function halved({ graph }: LayerContext, x: Features): Features {
  const name = graph.op('AveragePool', [x.name], { kernel_shape: [2, 2], strides: [2, 2] });
  return { ...x, name, height: x.height / 2, width: x.width / 2 };
}

export function joined({ graph }: LayerContext, a: Features, b: Features): Features {
  return { ...a, name: graph.op('Concat', [a.name, b.name], { axis: 1 }), channels: a.channels + b.channels };
}
