import * as v from 'valibot';
import {
  AboveZero,
  Count,
  checkNormGroups,
  Finite,
  Layers,
  NotZero,
  type OnNote,
  parseNetworkConfig,
  Widths,
} from './config.ts';

const blockTypes = <const T extends string>(name: T) => v.optional(v.array(v.literal(name)), () => [name]);

/**
 * Pixels a side of a patch. Latents of seamless textures are made at shifts that halve and halve again what a latent stands for,
 * so that only powers of two will do. A patch of 8 × 8 RGBA pixels has 256 values; a larger one would be wider than the layers
 * behind it.
 */
export const PATCH_SIZES = [1, 2, 4, 8];

const PatchSize = v.pipe(
  Count,
  v.check((size) => PATCH_SIZES.includes(size), `expected ${PATCH_SIZES.join(', ')}`),
);

/** Diffusers' own defaults where a key is missing. */
const schema = v.object({
  in_channels: v.optional(Count, 3),
  out_channels: v.optional(Count, 3),
  down_block_types: blockTypes('DownEncoderBlock2D'),
  up_block_types: blockTypes('UpDecoderBlock2D'),
  block_out_channels: v.optional(Widths, [64]),
  layers_per_block: v.optional(Layers, 1),
  act_fn: v.optional(v.picklist(['silu', 'swish']), 'silu'),
  latent_channels: v.optional(Count, 4),
  norm_num_groups: v.optional(Count, 32),
  sample_size: v.nullish(v.union([Count, v.array(Count)]), 32),
  scaling_factor: v.optional(NotZero, 0.18215),
  shift_factor: v.nullish(Finite, null),
  latents_mean: v.nullish(v.array(Finite), null),
  latents_std: v.nullish(v.array(AboveZero), null),
  use_quant_conv: v.optional(v.boolean(), true),
  use_post_quant_conv: v.optional(v.boolean(), true),
  mid_block_add_attention: v.optional(v.boolean(), true),
  patch_size: v.optional(PatchSize, 1),
});

/** Says how diffusers should cast the weights; the result in float32 is the same. */
const IGNORED = ['force_upcast'];

/**
 * The options of diffusers' AutoencoderKL that Figment computes. `patch_size` is Figment's: the network sees squares of so many
 * pixels as channels (see `toPatches`), in_channels and out_channels being theirs.
 */
export interface AutoencoderKlConfig {
  in_channels: number;
  out_channels: number;
  down_block_types: 'DownEncoderBlock2D'[];
  up_block_types: 'UpDecoderBlock2D'[];
  block_out_channels: number[];
  layers_per_block: number;
  act_fn: 'silu' | 'swish';
  latent_channels: number;
  norm_num_groups: number;
  sample_size: number | number[] | null;
  scaling_factor: number;
  shift_factor: number | null;
  latents_mean: number[] | null;
  latents_std: number[] | null;
  use_quant_conv: boolean;
  use_post_quant_conv: boolean;
  mid_block_add_attention: boolean;
  patch_size: number;
}

/** The config as vae/config.json holds it: without `patch_size` where it is 1, since diffusers does not know it. */
export function formatAutoencoderKlConfig({ patch_size, ...config }: AutoencoderKlConfig): Record<string, unknown> {
  return { _class_name: 'AutoencoderKL', ...config, ...(patch_size > 1 && { patch_size }) };
}

type Sizes = Pick<AutoencoderKlConfig, 'block_out_channels' | 'patch_size'>;

/** How many pixels of a picture a latent stands for, down and across: of its patches, each level but the first halves the number. */
export function pixelsPerLatent({ block_out_channels, patch_size }: Sizes): number {
  return patch_size * 2 ** (block_out_channels.length - 1);
}

/** Values of a pixel, in and out. */
export function pixelChannels(config: Pick<AutoencoderKlConfig, 'in_channels' | 'out_channels' | 'patch_size'>) {
  const perPatch = config.patch_size ** 2;
  return { in: config.in_channels / perPatch, out: config.out_channels / perPatch };
}

/**
 * Reads an AutoencoderKL's config.json.
 *
 * @throws Error naming every option that is unsupported, malformed or does not fit the others
 */
export function parseAutoencoderKlConfig(
  json: unknown,
  fileName = 'vae/config.json',
  onNote?: OnNote,
): AutoencoderKlConfig {
  const config = parseNetworkConfig(schema, IGNORED, json, fileName, { className: 'AutoencoderKL', onNote });
  const levels = config.block_out_channels.length;
  if (config.down_block_types.length !== levels || config.up_block_types.length !== levels) {
    throw new Error(
      `${fileName}: block_out_channels, down_block_types and up_block_types must have equally many entries`,
    );
  }
  checkNormGroups(config, fileName);
  for (const key of ['in_channels', 'out_channels'] as const) {
    if (config[key] % config.patch_size ** 2 === 0) continue;
    throw new Error(
      `${fileName}: ${key} is ${config[key]}; with patch_size ${config.patch_size} expected a multiple of ${config.patch_size ** 2}`,
    );
  }
  for (const key of ['latents_mean', 'latents_std'] as const) {
    const values = config[key];
    if (values && values.length !== config.latent_channels) {
      throw new Error(`${fileName}: ${key} has ${values.length} values for ${config.latent_channels} latent channels`);
    }
  }
  if ((config.latents_mean === null) !== (config.latents_std === null)) {
    throw new Error(`${fileName}: latents_mean and latents_std go together; give both or neither`);
  }
  return config;
}
