import * as v from 'valibot';
import {
  AboveZero,
  Count,
  checkNormGroups,
  Finite,
  Layers,
  NotZero,
  type OnNote,
  only,
  parseNetworkConfig,
  Widths,
} from './config.ts';

const DOWN_BLOCKS = ['DownBlock2D', 'AttnDownBlock2D', 'ResnetDownsampleBlock2D'] as const;
const UP_BLOCKS = ['UpBlock2D', 'AttnUpBlock2D', 'ResnetUpsampleBlock2D'] as const;

/** How blocks with attention change the size; the others have it in their names. */
const RESAMPLERS = ['conv', 'resnet'] as const;

/** Diffusers' own defaults where a key is missing. */
const schema = v.object({
  sample_size: v.nullish(v.union([Count, v.tuple([Count, Count])]), null),
  in_channels: v.optional(Count, 3),
  out_channels: v.optional(Count, 3),
  center_input_sample: v.optional(v.boolean(), false),
  time_embedding_type: only('positional'),
  time_embedding_dim: v.nullish(Count, null),
  freq_shift: v.optional(Finite, 0),
  flip_sin_to_cos: v.optional(v.boolean(), true),
  down_block_types: v.optional(v.pipe(v.array(v.picklist(DOWN_BLOCKS)), v.minLength(1)), [
    'DownBlock2D',
    'AttnDownBlock2D',
    'AttnDownBlock2D',
    'AttnDownBlock2D',
  ]),
  mid_block_type: v.optional(v.nullable(v.literal('UNetMidBlock2D')), 'UNetMidBlock2D'),
  up_block_types: v.optional(v.pipe(v.array(v.picklist(UP_BLOCKS)), v.minLength(1)), [
    'AttnUpBlock2D',
    'AttnUpBlock2D',
    'AttnUpBlock2D',
    'UpBlock2D',
  ]),
  block_out_channels: v.optional(Widths, [224, 448, 672, 896]),
  layers_per_block: v.optional(Layers, 2),
  mid_block_scale_factor: v.optional(NotZero, 1),
  downsample_padding: v.optional(v.picklist([0, 1]), 1),
  downsample_type: v.optional(v.picklist(RESAMPLERS), 'conv'),
  upsample_type: v.optional(v.picklist(RESAMPLERS), 'conv'),
  act_fn: v.optional(v.picklist(['silu', 'swish']), 'silu'),
  attention_head_dim: v.optional(v.nullable(Count), 8),
  norm_num_groups: v.optional(Count, 32),
  attn_norm_num_groups: v.nullish(Count, null),
  norm_eps: v.optional(AboveZero, 1e-5),
  resnet_time_scale_shift: v.optional(v.picklist(['default', 'scale_shift']), 'default'),
  add_attention: v.optional(v.boolean(), true),
  class_embed_type: v.optional(v.nullable(v.literal('identity')), null),
  num_class_embeds: v.nullish(Count, null),
  position_embedding: v.optional(v.boolean(), false),
});

/** Used by the Fourier time embedding alone, which is refused. */
const IGNORED = ['num_train_timesteps'];

/**
 * The options of diffusers' UNet2DModel that Figment computes. `position_embedding` is Figment's: the first convolution's output
 * gets something added that was learnt for each place of a tile, `sample_size`.
 */
export interface UNet2DConfig {
  sample_size: number | [height: number, width: number] | null;
  in_channels: number;
  out_channels: number;
  center_input_sample: boolean;
  time_embedding_type: 'positional';
  time_embedding_dim: number | null;
  freq_shift: number;
  flip_sin_to_cos: boolean;
  down_block_types: (typeof DOWN_BLOCKS)[number][];
  mid_block_type: 'UNetMidBlock2D' | null;
  up_block_types: (typeof UP_BLOCKS)[number][];
  block_out_channels: number[];
  layers_per_block: number;
  mid_block_scale_factor: number;
  downsample_padding: 0 | 1;
  downsample_type: Resampler;
  upsample_type: Resampler;
  act_fn: 'silu' | 'swish';
  attention_head_dim: number | null;
  norm_num_groups: number;
  attn_norm_num_groups: number | null;
  norm_eps: number;
  resnet_time_scale_shift: 'default' | 'scale_shift';
  add_attention: boolean;
  /** `identity`: the caller gives the vector that is added to the time embedding. */
  class_embed_type: 'identity' | null;
  num_class_embeds: number | null;
  position_embedding: boolean;
}

type Resampler = (typeof RESAMPLERS)[number];

/** The config as unet/config.json holds it: without `position_embedding` where there is none, since diffusers does not know it. */
export function formatUNet2DConfig({ position_embedding, ...config }: UNet2DConfig): Record<string, unknown> {
  return { _class_name: 'UNet2DModel', ...config, ...(position_embedding && { position_embedding }) };
}

/** Height and width of the tile whose places a U-Net knows; null where it knows none. */
export function sizeOfPlaces({ sample_size: size, position_embedding }: UNet2DConfig): [number, number] | null {
  if (!position_embedding || size === null) return null;
  return typeof size === 'number' ? [size, size] : size;
}

/**
 * Reads a UNet2DModel's config.json.
 *
 * @throws Error naming every option that is unsupported, malformed or does not fit the others
 */
export function parseUNet2DConfig(json: unknown, fileName = 'unet/config.json', onNote?: OnNote): UNet2DConfig {
  const config = parseNetworkConfig(schema, IGNORED, json, fileName, { className: 'UNet2DModel', onNote });
  const levels = config.block_out_channels.length;
  if (config.down_block_types.length !== levels || config.up_block_types.length !== levels) {
    throw new Error(
      `${fileName}: block_out_channels has ${levels} entries, down_block_types ${config.down_block_types.length}, up_block_types ${config.up_block_types.length}; they must be equal`,
    );
  }
  checkNormGroups(config, fileName);
  checkAttention(config, fileName);
  if (config.position_embedding && config.sample_size === null) {
    throw new Error(`${fileName}: position_embedding needs sample_size`);
  }
  if (config.class_embed_type === 'identity' && config.num_class_embeds !== null) {
    throw new Error(
      `${fileName}: num_class_embeds is ${config.num_class_embeds}, but class_embed_type "identity" has no table of classes; set one of them to null`,
    );
  }
  return config;
}

/** The highest level with attention, which 2^level makes smaller; null where there is none. */
export function attentionLevel(config: UNet2DConfig): number | null {
  const { down_block_types: down, up_block_types: up, mid_block_type, add_attention } = config;
  const attends = down.map((type, i) => type === 'AttnDownBlock2D' || up.at(-1 - i) === 'AttnUpBlock2D');
  const first = attends.indexOf(true);
  if (first >= 0) return first;
  return mid_block_type !== null && add_attention ? down.length - 1 : null;
}

/** Heads and groups must divide the channels of every level that has attention. */
function checkAttention(config: UNet2DConfig, fileName: string): void {
  const widths = config.block_out_channels;
  const reversed = [...widths].reverse();
  const bottom = config.mid_block_type !== null && config.add_attention ? [reversed[0]!] : [];
  const attended = [
    ...widths.filter((_, i) => config.down_block_types[i] === 'AttnDownBlock2D'),
    ...reversed.filter((_, i) => config.up_block_types[i] === 'AttnUpBlock2D'),
    ...bottom,
  ];
  const check = (key: 'attention_head_dim' | 'attn_norm_num_groups', channels: number) => {
    const divisor = config[key];
    if (divisor === null || channels % divisor === 0) return;
    throw new Error(`${fileName}: ${key} ${divisor} does not divide ${channels} channels, which have attention`);
  };
  for (const channels of attended) check('attention_head_dim', channels);
  for (const channels of bottom) check('attn_norm_num_groups', channels);
}
