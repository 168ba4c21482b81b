// The layers and blocks that all networks are built of, named and computed as in diffusers. A block is described by plain data
// (prefix of its weights, channels); one function lists its weights' shapes, one runs it.
import {
  add,
  concat,
  mul,
  reshape,
  slice,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { attention } from '../kernels/attention.ts';
import { type Conv2dOptions, conv2d, linear } from '../kernels/conv2d.ts';
import { groupNorm } from '../kernels/groupNorm.ts';
import { silu } from '../kernels/silu.ts';
import { upsample2x } from '../kernels/upsample.ts';
import type { ForwardPass } from './slices.ts';
import { joinWindows, ONE_TILE, splitWindows, type Tiles } from './windows.ts';

/** Weights by their diffusers name, in our layout: filters (kh, kw, Cin, Cout), matrices (in, out). */
export type Weights = Readonly<Record<string, Tensor>>;

/** Shapes by name, in PyTorch's layout: filters (Cout, Cin, kh, kw), matrices (out, in). */
export type Shapes = Map<string, number[]>;

/** Options that all blocks of one network share. */
export interface BlockOptions {
  numGroups: number;
  epsilon: number;
  /** Every convolution wraps around the borders. */
  circular: boolean;
  /** Width of the time embedding; null in a network without time. */
  timeChannels: number | null;
  /** The embedding scales and shifts the second norm instead of being added before it. */
  scaleShift: boolean;
  /** Divides the sum of a residual connection. */
  outputScale: number;
  /** Attention stays within each tile of a larger picture; by default the picture is one tile. */
  tiles?: Tiles;
}

export interface ResnetBlock {
  prefix: string;
  cin: number;
  cout: number;
  /** Halves or doubles the image on both ways, before the first convolution; absent: keeps its size. */
  resize?: (x: Tensor4D) => Tensor4D;
}

export interface AttentionBlock {
  prefix: string;
  channels: number;
  numHeads: number;
  /** null when there is no norm before the attention. */
  numGroups: number | null;
}

export function weight(weights: Weights, name: string): Tensor {
  const tensor = weights[name];
  if (!tensor) throw new Error(`network: weight ${name} is missing; load all weights of the model's config`);
  return tensor;
}

/** The weights whose names begin so, by the rest of their names. */
export function withoutPrefix(weights: Weights, prefix: string): Weights {
  const named = Object.entries(weights).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length), value]));
}

export function convShapes(shapes: Shapes, name: string, cin: number, cout: number, kernel = 3): void {
  shapes.set(`${name}.weight`, [cout, cin, kernel, kernel]);
  shapes.set(`${name}.bias`, [cout]);
}

export function linearShapes(shapes: Shapes, name: string, cin: number, cout: number): void {
  shapes.set(`${name}.weight`, [cout, cin]);
  shapes.set(`${name}.bias`, [cout]);
}

export function normShapes(shapes: Shapes, name: string, channels: number): void {
  shapes.set(`${name}.weight`, [channels]);
  shapes.set(`${name}.bias`, [channels]);
}

export function conv(weights: Weights, name: string, x: Tensor4D, options: Conv2dOptions): Tensor4D {
  return conv2d(x, weight(weights, `${name}.weight`) as Tensor4D, weight(weights, `${name}.bias`), options);
}

export function dense(weights: Weights, name: string, x: Tensor2D): Tensor2D {
  return linear(x, weight(weights, `${name}.weight`) as Tensor2D, weight(weights, `${name}.bias`));
}

/** The rows of an embedding table that indices name, (B, channels). */
export function embeddingRows(weights: Weights, name: string, indices: ArrayLike<number>): Tensor2D {
  const table = weight(weights, `${name}.weight`) as Tensor2D;
  return linear(oneHotRows(indices, table.shape[0]), table, null);
}

/** One-hot rows, float32 (B, depth): 1 at the index of each row, else 0; an index out of range, such as −1 of what is not known, has none. */
export function oneHotRows(indices: ArrayLike<number>, depth: number): Tensor2D {
  return tensor2d(oneHotValues(indices, depth), [indices.length, depth]);
}

/** The values of `oneHotRows`. */
export function oneHotValues(indices: ArrayLike<number>, depth: number): Float32Array {
  const values = new Float32Array(indices.length * depth);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (index >= 0 && index < depth) values[i * depth + index] = 1;
  }
  return values;
}

/** Each channel of a norm's output is multiplied by 1 + scale and then shifted, (B, C) each. */
export interface Modulation {
  scale: Tensor2D;
  shift: Tensor2D;
}

/** The modulation that a projected time embedding stands for, (B, 2C): the scales, and behind them the shifts. */
export function modulationOf(time: Tensor2D): Modulation {
  const channels = time.shape[1] / 2;
  const part = (begin: number) => slice(time, [0, begin], [-1, channels]);
  return { scale: part(0), shift: part(channels) };
}

/** Group norm, followed by SiLU unless `silu` is false. */
export function norm<T extends Tensor>(
  weights: Weights,
  name: string,
  x: T,
  options: {
    numGroups: number;
    epsilon: number;
    silu?: boolean;
    modulation?: Modulation | null;
  },
): T {
  const gamma = weight(weights, `${name}.weight`) as Tensor1D;
  const beta = weight(weights, `${name}.bias`) as Tensor1D;
  return groupNorm(x, gamma, beta, { silu: true, ...options });
}

export function resnetShapes(shapes: Shapes, block: ResnetBlock, options: BlockOptions): void {
  const { prefix, cin, cout } = block;
  normShapes(shapes, `${prefix}.norm1`, cin);
  convShapes(shapes, `${prefix}.conv1`, cin, cout);
  if (options.timeChannels !== null) {
    linearShapes(shapes, `${prefix}.time_emb_proj`, options.timeChannels, options.scaleShift ? 2 * cout : cout);
  }
  normShapes(shapes, `${prefix}.norm2`, cout);
  convShapes(shapes, `${prefix}.conv2`, cout, cout);
  if (cin !== cout) convShapes(shapes, `${prefix}.conv_shortcut`, cin, cout, 1);
}

/**
 * Residual block: norm, SiLU, convolution, twice, plus the (projected) input.
 *
 * Source: He et al. 2016, arXiv:1603.05027; time embedding as in Ho et al. 2020 or, scaled and shifted, Dhariwal & Nichol 2021.
 * @param x   float32 (B, H, W, cin)
 * @param emb float32 (B, timeChannels), SiLU already applied; null without time
 * @returns   float32 (B, H, W, cout)
 */
export function* resnetPass(
  weights: Weights,
  block: ResnetBlock,
  x: Tensor4D,
  emb: Tensor2D | null,
  options: BlockOptions,
): ForwardPass {
  const { prefix, resize } = block;
  const { circular } = options;
  const skipped = resize ? resize(x) : x;
  const h = tidy(() => {
    const normed = norm(weights, `${prefix}.norm1`, x, options);
    return conv(weights, `${prefix}.conv1`, resize ? resize(normed) : normed, { circular });
  });
  yield [skipped, h];
  return tidy(() => resnetEnd(weights, block, skipped, h, emb, options));
}

/** From after the first convolution of a residual block, `h`, to its end. */
function resnetEnd(
  weights: Weights,
  { prefix, cin, cout }: ResnetBlock,
  x: Tensor4D,
  h: Tensor4D,
  emb: Tensor2D | null,
  options: BlockOptions,
): Tensor4D {
  const { circular, scaleShift, outputScale } = options;
  const time = emb ? dense(weights, `${prefix}.time_emb_proj`, emb) : null;
  const added = time && !scaleShift ? add<Tensor4D>(h, reshape(time, [-1, 1, 1, cout])) : h;
  const modulation = time && scaleShift ? modulationOf(time) : null;
  const normed = norm(weights, `${prefix}.norm2`, added, { ...options, modulation });
  const residual = conv(weights, `${prefix}.conv2`, normed, { circular });
  const shortcut = cin === cout ? x : conv(weights, `${prefix}.conv_shortcut`, x, { padding: 0 });
  return scaled(add(shortcut, residual), outputScale);
}

export function attentionShapes(shapes: Shapes, { prefix, channels, numGroups }: AttentionBlock): void {
  if (numGroups !== null) normShapes(shapes, `${prefix}.group_norm`, channels);
  for (const name of ['to_q', 'to_k', 'to_v', 'to_out.0'])
    linearShapes(shapes, `${prefix}.${name}`, channels, channels);
}

/**
 * Self-attention over all pixels of a tile, with a residual connection.
 *
 * @param x float32 (B, H, W, C)
 * @returns float32 (B, H, W, C)
 */
export function selfAttention(weights: Weights, block: AttentionBlock, x: Tensor4D, options: BlockOptions): Tensor4D {
  return tidy(() => {
    const { prefix, channels, numHeads, numGroups } = block;
    const { tiles = ONE_TILE, outputScale } = options;
    const normed =
      numGroups === null ? x : norm(weights, `${prefix}.group_norm`, x, { ...options, numGroups, silu: false });
    const windows = splitWindows(normed, tiles);
    const project = (name: string, input: Tensor3D) =>
      reshape(dense(weights, `${prefix}.${name}`, reshape(input, [-1, channels])), windows.shape) as Tensor3D;
    const [q, k, v] = ['to_q', 'to_k', 'to_v'].map((name) => project(name, windows)) as [Tensor3D, Tensor3D, Tensor3D];
    const mixed = project('to_out.0', attention(q, k, v, numHeads));
    return scaled(add(x, joinWindows(mixed, x.shape, tiles)), outputScale);
  });
}

/** Halves the image by a strided convolution; padding 0 pads one row below and one column to the right only. */
export function downsample(weights: Weights, name: string, x: Tensor4D, padding: number, circular: boolean): Tensor4D {
  const sides = padding === 0 ? { top: 0, bottom: 1, left: 0, right: 1 } : padding;
  return conv(weights, name, x, { stride: 2, padding: sides, circular });
}

/** Halves the image to the means of 2×2 pixels. */
export function meanOf2x2(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  return tidy(() => {
    const rows = reshape(x, [(batch * height) / 2, 2, width / 2, 2 * channels]);
    const [upper, lower] = [0, 1].map((row) => slice(rows, [0, row, 0, 0], [-1, 1, -1, -1])) as [Tensor4D, Tensor4D];
    const both = reshape(add(upper, lower), [batch, height / 2, width / 2, 2 * channels]);
    const [left, right] = [0, channels].map((at) => slice(both, [0, 0, 0, at], [-1, -1, -1, channels])) as Tensor4D[];
    return mul(add(left!, right!), 1 / 4) as Tensor4D;
  });
}

/** Doubles the image by repetition and smooths it by a convolution. */
export function upsample(weights: Weights, name: string, x: Tensor4D, circular: boolean): Tensor4D {
  return tidy(() => conv(weights, name, upsample2x(x), { circular }));
}

/** Joins two feature maps along the channels. */
export function joinChannels(a: Tensor4D, b: Tensor4D): Tensor4D {
  return concat([a, b], 3);
}

function scaled(x: Tensor4D, outputScale: number): Tensor4D {
  return outputScale === 1 ? x : mul(x, 1 / outputScale);
}

/** SiLU of a time embedding, once for all blocks. */
export function activateEmbedding(emb: Tensor2D): Tensor2D {
  return silu(emb);
}

/** The lowest level of a network: residual block, optional attention, residual block (diffusers' UNetMidBlock2D). */
export interface MidBlock {
  resnets: [ResnetBlock, ResnetBlock];
  attention: AttentionBlock | null;
}

export function planMidBlock(
  prefix: string,
  channels: number,
  attention: { numHeads: number; numGroups: number | null } | null,
): MidBlock {
  const block = (i: number) => ({ prefix: `${prefix}.resnets.${i}`, cin: channels, cout: channels });
  return {
    resnets: [block(0), block(1)],
    attention: attention && { prefix: `${prefix}.attentions.0`, channels, ...attention },
  };
}

export function midBlockShapes(shapes: Shapes, mid: MidBlock, options: BlockOptions): void {
  for (const block of mid.resnets) resnetShapes(shapes, block, options);
  if (mid.attention) attentionShapes(shapes, mid.attention);
}

/** @param x float32 (B, H, W, C) @returns float32 (B, H, W, C) */
export function* midBlockPass(
  weights: Weights,
  mid: MidBlock,
  x: Tensor4D,
  emb: Tensor2D | null,
  options: BlockOptions,
): ForwardPass {
  let h = yield* resnetPass(weights, mid.resnets[0], x, emb, options);
  yield [h];
  if (mid.attention) {
    h = selfAttention(weights, mid.attention, h, options);
    yield [h];
  }
  return yield* resnetPass(weights, mid.resnets[1], h, emb, options);
}
