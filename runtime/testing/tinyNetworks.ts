import { normals } from '../core/random.ts';
import { type AutoencoderKlConfig, parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import { type ConditionalVaeConfig, parseConditionalVaeConfig } from '../networks/conditionalVae.ts';
import type { Shapes } from '../networks/layers.ts';
import { parseUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';

/** A VAE of two levels for RGBA images: half the size, 4 latent channels. */
export function tinyVaeConfig(options: Partial<AutoencoderKlConfig> = {}): AutoencoderKlConfig {
  return parseAutoencoderKlConfig({
    in_channels: 4,
    out_channels: 4,
    down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
    up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
    block_out_channels: [8, 16],
    norm_num_groups: 4,
    use_quant_conv: false,
    use_post_quant_conv: false,
    mid_block_add_attention: false,
    ...options,
  });
}

/** Sizes of that VAE for pictures of so many channels: with patches of 2×2 pixels it has one level, and the same latents. */
export function tinyPatches(channels: number, patchSize: 1 | 2 = 2): Partial<AutoencoderKlConfig> {
  const values = channels * patchSize ** 2;
  return {
    in_channels: values,
    out_channels: values,
    ...(patchSize > 1 && {
      patch_size: patchSize,
      block_out_channels: [16],
      down_block_types: ['DownEncoderBlock2D'],
      up_block_types: ['UpDecoderBlock2D'],
    }),
  };
}

/** A U-Net of two levels with everything the portraits' one has: attention, modulation, three labels and a null label. */
export function tinyUNetConfig(options: Partial<UNet2DConfig> = {}): UNet2DConfig {
  return parseUNet2DConfig({
    in_channels: 4,
    out_channels: 4,
    down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
    up_block_types: ['AttnUpBlock2D', 'UpBlock2D'],
    block_out_channels: [8, 16],
    layers_per_block: 1,
    attention_head_dim: 8,
    norm_num_groups: 4,
    attn_norm_num_groups: 4,
    resnet_time_scale_shift: 'scale_shift',
    num_class_embeds: 4,
    ...options,
  });
}

/** A class-conditional VAE of two levels for RGBA images of 8×8 pixels, three labels, 6 latent values. */
export function tinyCvaeConfig(options: Partial<ConditionalVaeConfig> = {}): ConditionalVaeConfig {
  return parseConditionalVaeConfig({
    in_channels: 4,
    num_labels: 3,
    sample_size: [8, 8],
    block_out_channels: [8, 16],
    latent_size: 6,
    label_channels: 5,
    hidden_channels: 12,
    norm_num_groups: 4,
    norm_eps: 1e-5,
    ...options,
  });
}

/** A classifier of two levels for RGBA images of three labels. */
export function tinyClassifierConfig(options: Partial<ClassifierConfig> = {}): ClassifierConfig {
  return {
    in_channels: 4,
    num_labels: 3,
    block_out_channels: [8, 16],
    norm_num_groups: 4,
    norm_eps: 1e-5,
    attributes: {},
    attribute_grid: 1,
    ...options,
  };
}

/** Weights of which none is 0 or 1, so that every one of them shows in the output; PyTorch's layout. */
export function randomWeights(shapes: Shapes, seed = 1): Map<string, WeightTensor> {
  const weights = new Map<string, WeightTensor>();
  let stream = 0;
  for (const [name, shape] of shapes) {
    const size = shape.reduce((a, b) => a * b, 1);
    const std = shape.length > 1 ? Math.sqrt(shape[0]! / size) : 0.2;
    const mean = /norm[^.]*\.weight$/.test(name) ? 1 : 0;
    weights.set(name, { shape, data: drawn(seed, stream++, size).map((value) => mean + std * value) });
  }
  return weights;
}

/** Tests make the same few networks hundreds of times. */
const known = new Map<string, Float32Array>();
const MAX_KNOWN_SIZE = 2 ** 14;

function drawn(seed: number, stream: number, size: number): Float32Array {
  if (size > MAX_KNOWN_SIZE) return normals(seed, stream, size);
  const key = `${seed} ${stream} ${size}`;
  const values = known.get(key) ?? normals(seed, stream, size);
  known.set(key, values);
  return values;
}
