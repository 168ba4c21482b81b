import {
  add,
  mul,
  reshape,
  sub,
  Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { runToEnd } from '../core/slices.ts';
import { upsample2x } from '../kernels/upsample.ts';
import { checkLabels } from './checkLabels.ts';
import {
  type AttentionBlock,
  attentionShapes,
  type BlockOptions,
  conv,
  convShapes,
  downsample,
  joinChannels,
  linearShapes,
  type MidBlock,
  meanOf2x2,
  midBlockPass,
  midBlockShapes,
  norm,
  normShapes,
  planMidBlock,
  type ResnetBlock,
  resnetPass,
  resnetShapes,
  type Shapes,
  selfAttention,
  upsample,
  type Weights,
  weight,
} from './layers.ts';
import { roll, type Shift } from './roll.ts';
import { type ForwardPass, inSlices, withLive } from './slices.ts';
import { sizeOfPlaces, type UNet2DConfig } from './unet2dConfig.ts';
import { imageEmbeddings, timeChannels, type UNet2DCondition } from './unet2dEmbedding.ts';
import { joinWindows, ONE_TILE, splitWindows, type Tiles } from './windows.ts';

/** What is added at each place of a tile, (1, C, h, w) in PyTorch's layout. */
export const POSITION_EMBEDDING = 'position_embedding';

/** How a U-Net treats borders and pictures larger than those it was trained on. */
export interface UNet2DOptions {
  /** Wrap every convolution around the borders; default false. */
  circular?: boolean;
  /** Attend within each tile alone; default one tile, as diffusers does. */
  tiles?: Tiles;
  /** What is added at each place of a tile, as `placesAt` gives it for pictures that were rolled; default what the network has learnt. */
  places?: Tensor4D;
}

interface Level {
  prefix: string;
  resnets: ResnetBlock[];
  attentions: AttentionBlock[] | null;
  /** What changes the size after the level: a convolution of so many channels, or a residual block; null: nothing. */
  resample: number | ResnetBlock | null;
}

interface UNet2DPlan {
  options: BlockOptions;
  midOptions: BlockOptions;
  down: Level[];
  mid: MidBlock | null;
  up: Level[];
}

/** The blocks of a config, with the names and channels of their weights. */
export function planUNet2D(config: UNet2DConfig, { circular = false, tiles }: UNet2DOptions = {}): UNet2DPlan {
  const options: BlockOptions = {
    numGroups: config.norm_num_groups,
    epsilon: config.norm_eps,
    circular,
    timeChannels: timeChannels(config),
    scaleShift: config.resnet_time_scale_shift === 'scale_shift',
    outputScale: 1,
    tiles,
  };
  return {
    options,
    midOptions: { ...options, outputScale: config.mid_block_scale_factor },
    down: planDown(config),
    mid: config.mid_block_type === null ? null : planMiddle(config, options.scaleShift),
    up: planUp(config),
  };
}

/** The levels from the full size down. */
function planDown(config: UNet2DConfig): Level[] {
  const widths = config.block_out_channels;
  return widths.map((cout, i) => {
    const above = widths[Math.max(i - 1, 0)]!;
    const cins = Array.from({ length: config.layers_per_block }, (_, j) => (j === 0 ? above : cout));
    return planLevel(config, 'down', i, cins, cout);
  });
}

/** The levels from the lowest one up, whose residual blocks take a skip connection each. */
function planUp(config: UNet2DConfig): Level[] {
  const widths = [...config.block_out_channels].reverse();
  const last = config.layers_per_block;
  return widths.map((cout, i) => {
    const below = widths[Math.max(i - 1, 0)]!;
    const above = widths[Math.min(i + 1, widths.length - 1)]!;
    const cinOf = (j: number) => (j === 0 ? below : cout) + (j === last ? above : cout);
    const cins = Array.from({ length: last + 1 }, (_, j) => cinOf(j));
    return planLevel(config, 'up', i, cins, cout);
  });
}

type Way = 'down' | 'up';

/** @param cins channels that each residual block takes, in order */
function planLevel(config: UNet2DConfig, way: Way, i: number, cins: number[], cout: number): Level {
  const prefix = `${way}_blocks.${i}`;
  const type = (way === 'down' ? config.down_block_types : config.up_block_types)[i]!;
  const attention = (j: number) => ({
    prefix: `${prefix}.attentions.${j}`,
    channels: cout,
    numHeads: numHeads(config, cout),
    numGroups: config.norm_num_groups,
  });
  return {
    prefix,
    resnets: cins.map((cin, j) => ({ prefix: `${prefix}.resnets.${j}`, cin, cout })),
    attentions: type.startsWith('Attn') ? cins.map((_, j) => attention(j)) : null,
    resample: i < config.block_out_channels.length - 1 ? planResampler(config, way, type, prefix, cout) : null,
  };
}

/** Levels named after their residual blocks resample by one; those with attention, by what the config says. */
function planResampler(
  config: UNet2DConfig,
  way: Way,
  type: string,
  prefix: string,
  channels: number,
): NonNullable<Level['resample']> {
  const asConfigured = way === 'down' ? config.downsample_type : config.upsample_type;
  const byBlock = type.startsWith('Resnet') || (type.startsWith('Attn') && asConfigured === 'resnet');
  if (!byBlock) return channels;
  const resize = way === 'down' ? meanOf2x2 : upsample2x;
  return { prefix: `${prefix}.${way}samplers.0`, cin: channels, cout: channels, resize };
}

function planMiddle(config: UNet2DConfig, scaleShift: boolean): MidBlock {
  const bottom = config.block_out_channels.at(-1)!;
  // diffusers gives the middle attention no norm of its own under scale_shift, unless attn_norm_num_groups says so.
  const numGroups = config.attn_norm_num_groups ?? (scaleShift ? null : config.norm_num_groups);
  const attention = config.add_attention ? { numHeads: numHeads(config, bottom), numGroups } : null;
  return planMidBlock('mid_block', bottom, attention);
}

function numHeads(config: UNet2DConfig, channels: number): number {
  return config.attention_head_dim === null ? 1 : channels / config.attention_head_dim;
}

/** Shapes of all weights of a config by name, in PyTorch's layout. */
export function unet2dShapes(config: UNet2DConfig): Shapes {
  const plan = planUNet2D(config);
  const shapes: Shapes = new Map();
  const first = config.block_out_channels[0]!;
  const time = timeChannels(config);
  convShapes(shapes, 'conv_in', config.in_channels, first);
  const places = sizeOfPlaces(config);
  if (places) shapes.set(POSITION_EMBEDDING, [1, first, ...places]);
  linearShapes(shapes, 'time_embedding.linear_1', first, time);
  linearShapes(shapes, 'time_embedding.linear_2', time, time);
  if (config.num_class_embeds !== null) shapes.set('class_embedding.weight', [config.num_class_embeds, time]);
  for (const level of plan.down) levelShapes(shapes, level, plan.options, 'downsamplers.0.conv');
  if (plan.mid) midBlockShapes(shapes, plan.mid, plan.midOptions);
  for (const level of plan.up) levelShapes(shapes, level, plan.options, 'upsamplers.0.conv');
  normShapes(shapes, 'conv_norm_out', first);
  convShapes(shapes, 'conv_out', first, config.out_channels);
  return shapes;
}

function levelShapes(shapes: Shapes, level: Level, options: BlockOptions, resampler: string): void {
  for (const block of level.resnets) resnetShapes(shapes, block, options);
  for (const block of level.attentions ?? []) attentionShapes(shapes, block);
  const { resample } = level;
  if (typeof resample === 'number') convShapes(shapes, `${level.prefix}.${resampler}`, resample, resample);
  else if (resample) resnetShapes(shapes, resample, options);
}

/**
 * The class-conditional U-Net of a DDPM, as diffusers' UNet2DModel computes it.
 *
 * Source: Ho et al. 2020, arXiv:2006.11239, appendix B; classes and modulation: Dhariwal & Nichol 2021, arXiv:2105.05233.
 * @param weights     by diffusers name, in our layout
 * @param xt          float32 (B, H, W, in_channels); H and W of each tile are multiples of `sizeUnit`
 * @param t           int (B), 0 … numTrainTimesteps − 1
 * @param condition   classes or vectors, as the config says
 * @returns           float32 (B, H, W, out_channels); the caller disposes it
 * @throws            RangeError for a size that cannot be halved, a condition that is missing or out of range
 */
export function unet2d(
  config: UNet2DConfig,
  weights: Weights,
  xt: Tensor4D,
  t: ArrayLike<number>,
  condition: UNet2DCondition,
  options: UNet2DOptions = {},
): Tensor4D {
  checkInput(config, xt, t, condition, options.tiles);
  return tidy(() => runToEnd(forwardPass(config, weights, xt, t, condition, options)));
}

/**
 * `unet2d` in slices of about one convolution each; `return()` gives it up.
 *
 *   const slices = unet2dInSlices(config, weights, xt, t, condition);
 *   let slice = slices.next();
 *   while (!slice.done) slice = slices.next(); // each call does a part; call it when there is time
 *
 * @returns through the generator, what `unet2d` returns; the caller disposes it, and keeps xt and the condition until then
 * @throws  as `unet2d`, at once
 */
export function unet2dInSlices(
  config: UNet2DConfig,
  weights: Weights,
  xt: Tensor4D,
  t: ArrayLike<number>,
  condition: UNet2DCondition,
  options: UNet2DOptions = {},
): Generator<void, Tensor4D> {
  checkInput(config, xt, t, condition, options.tiles);
  return inSlices(forwardPass(config, weights, xt, t, condition, options), [xt]);
}

/** `unet2d` for an embedding that is computed already: of each image a row of `imageEmbeddings`, (B, timeChannels). */
export function unet2dOfEmbedding(
  config: UNet2DConfig,
  weights: Weights,
  xt: Tensor4D,
  emb: Tensor2D,
  options: UNet2DOptions = {},
): Tensor4D {
  return tidy(() => runToEnd(passOfEmbedding(config, weights, xt, emb, options)));
}

function* forwardPass(
  config: UNet2DConfig,
  weights: Weights,
  xt: Tensor4D,
  t: ArrayLike<number>,
  condition: UNet2DCondition,
  borders: UNet2DOptions,
): ForwardPass {
  return yield* passOfEmbedding(config, weights, xt, imageEmbeddings(config, weights, t, condition), borders);
}

function* passOfEmbedding(
  config: UNet2DConfig,
  weights: Weights,
  xt: Tensor4D,
  emb: Tensor2D,
  borders: UNet2DOptions,
): ForwardPass {
  const { options, midOptions, down, mid, up } = planUNet2D(config, borders);
  const { circular } = options;
  const sample: Tensor4D = config.center_input_sample ? sub(mul(xt, 2), 1) : xt;
  let h = withPlaces(config, weights, conv(weights, 'conv_in', sample, { circular }), borders);
  const skips: Tensor4D[] = [h];
  yield [emb, ...skips];
  for (const level of down) {
    for (const j of level.resnets.keys()) {
      h = yield* withLive(levelPass(weights, level, j, h, emb, options), [emb, ...skips]);
      skips.push(h);
      yield [emb, ...skips];
    }
    if (level.resample !== null) {
      h =
        typeof level.resample === 'number'
          ? downsample(weights, `${level.prefix}.downsamplers.0.conv`, h, config.downsample_padding, circular)
          : yield* withLive(resnetPass(weights, level.resample, h, emb, options), [emb, ...skips]);
      skips.push(h);
      yield [emb, ...skips];
    }
  }
  if (mid) h = yield* withLive(midBlockPass(weights, mid, h, emb, midOptions), [emb, ...skips]);
  for (const level of up) {
    for (const j of level.resnets.keys()) {
      yield [emb, h, ...skips];
      const joined = joinChannels(h, skips.pop()!);
      h = yield* withLive(levelPass(weights, level, j, joined, emb, options), [emb, ...skips]);
    }
    yield [emb, h, ...skips];
    if (typeof level.resample === 'number') h = upsample(weights, `${level.prefix}.upsamplers.0.conv`, h, circular);
    else if (level.resample) h = yield* withLive(resnetPass(weights, level.resample, h, emb, options), [emb, ...skips]);
  }
  return conv(weights, 'conv_out', norm(weights, 'conv_norm_out', h, options), { circular });
}

/**
 * What a network adds at the places of a tile of pictures that were rolled around their edges: the places have moved as far.
 *
 * @returns (1, h, w, C), which the caller disposes; null for a network that knows no places
 */
export function placesAt(config: UNet2DConfig, weights: Weights, shift: Shift): Tensor4D | null {
  return config.position_embedding ? roll(weight(weights, POSITION_EMBEDDING) as Tensor4D, shift) : null;
}

/**
 * Adds what was learnt for each place of a tile, so that the network need not agree with itself on where rows of bricks begin:
 * convolutions that wrap around know no place.
 *
 * Source: Dosovitskiy et al. 2021, arXiv:2010.11929, eq. (1); for convolutions: Xu et al. 2021, arXiv:2012.05217.
 * @param h float32 (B, H, W, C)
 */
function withPlaces(
  config: UNet2DConfig,
  weights: Weights,
  h: Tensor4D,
  { tiles = ONE_TILE, places }: UNet2DOptions,
): Tensor4D {
  if (!config.position_embedding) return h;
  const embedding = places ?? (weight(weights, POSITION_EMBEDDING) as Tensor4D);
  if (tiles[0] * tiles[1] === 1) return add(h, embedding);
  const [, height, width, channels] = embedding.shape;
  const windows = add(splitWindows(h, tiles), reshape(embedding, [1, height * width, channels]));
  return joinWindows(windows as Tensor3D, h.shape, tiles);
}

/** Residual block j of a level, and its attention. */
function* levelPass(
  weights: Weights,
  level: Level,
  j: number,
  x: Tensor4D,
  emb: Tensor2D,
  options: BlockOptions,
): ForwardPass {
  const h = yield* resnetPass(weights, level.resnets[j]!, x, emb, options);
  const attend = level.attentions?.[j];
  if (!attend) return h;
  yield [h];
  return selfAttention(weights, attend, h, options);
}

/** Widths and heights are multiples of so many pixels, which are one on the lowest level. */
export function sizeUnit(config: UNet2DConfig): number {
  return 2 ** (config.block_out_channels.length - 1);
}

function checkInput(
  config: UNet2DConfig,
  xt: Tensor4D,
  t: ArrayLike<number>,
  condition: UNet2DCondition,
  [down, across] = ONE_TILE,
): void {
  const [batch, height, width, channels] = xt.shape;
  const unit = sizeUnit(config);
  if (height % (unit * down) !== 0 || width % (unit * across) !== 0) {
    const tiles = down * across === 1 ? '' : `, in ${across}×${down} tiles,`;
    throw new RangeError(
      `unet2d: ${width}×${height}${tiles} cannot be halved ${Math.log2(unit)} times; use multiples of ${unit}`,
    );
  }
  if (channels !== config.in_channels) {
    throw new RangeError(
      `unet2d: xt has ${channels} channels; expected ${config.in_channels}, as the latents or pixels of its training`,
    );
  }
  if (t.length !== batch) {
    throw new RangeError(`unet2d: ${batch} images and ${t.length} timesteps; expected one timestep for each image`);
  }
  checkCondition(config, batch, condition);
}

function checkCondition(config: UNet2DConfig, batch: number, condition: UNet2DCondition): void {
  if (config.class_embed_type === 'identity') checkVectors(config, batch, condition);
  else if (condition instanceof Tensor) throw new RangeError('unet2d: this network takes classes; found a tensor');
  else if (condition !== null) checkLabels('unet2d', condition, config.num_class_embeds, batch);
  else if (config.num_class_embeds !== null) throw new RangeError('unet2d: this network needs class labels');
}

function checkVectors(config: UNet2DConfig, batch: number, condition: UNet2DCondition): void {
  const expected = `${batch}×${timeChannels(config)}`;
  const found = condition instanceof Tensor ? condition.shape.join('×') : 'none';
  if (found === expected) return;
  throw new RangeError(`unet2d: this network adds a tensor of ${expected} to its time embedding; found ${found}`);
}
