import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { runToEnd } from '../core/slices.ts';
import { type AutoencoderKlConfig, pixelChannels, pixelsPerLatent } from './autoencoderKlConfig.ts';
import { distributionOf, type LatentDistribution, meanOf } from './latentDistribution.ts';
import {
  type BlockOptions,
  conv,
  convShapes,
  downsample,
  type MidBlock,
  midBlockPass,
  midBlockShapes,
  norm,
  normShapes,
  planMidBlock,
  type ResnetBlock,
  resnetPass,
  resnetShapes,
  type Shapes,
  upsample,
  type Weights,
} from './layers.ts';
import { fromPatches, toPatches } from './patches.ts';
import { type ForwardPass, inSlices } from './slices.ts';

interface Level {
  prefix: string;
  resnets: ResnetBlock[];
  resample: number | null;
}

interface AutoencoderPlan {
  options: BlockOptions;
  down: Level[];
  encoderMid: MidBlock;
  decoderMid: MidBlock;
  up: Level[];
}

/** The blocks of a config, with the names and channels of their weights. */
export function planAutoencoder(config: AutoencoderKlConfig, circular: boolean): AutoencoderPlan {
  const widths = config.block_out_channels;
  const reversed = [...widths].reverse();
  const levels = (prefix: string, channels: number[], numLayers: number): Level[] =>
    channels.map((cout, i) => ({
      prefix: `${prefix}.${i}`,
      resnets: Array.from({ length: numLayers }, (_, j) => ({
        prefix: `${prefix}.${i}.resnets.${j}`,
        cin: j === 0 ? channels[Math.max(i - 1, 0)]! : cout,
        cout,
      })),
      resample: i < channels.length - 1 ? cout : null,
    }));
  const bottom = widths[widths.length - 1]!;
  const attention = config.mid_block_add_attention ? { numHeads: 1, numGroups: config.norm_num_groups } : null;
  return {
    options: {
      numGroups: config.norm_num_groups,
      epsilon: 1e-6,
      circular,
      timeChannels: null,
      scaleShift: false,
      outputScale: 1,
    },
    down: levels('encoder.down_blocks', widths, config.layers_per_block),
    encoderMid: planMidBlock('encoder.mid_block', bottom, attention),
    decoderMid: planMidBlock('decoder.mid_block', bottom, attention),
    up: levels('decoder.up_blocks', reversed, config.layers_per_block + 1),
  };
}

/** Shapes of all weights of a config by name, in PyTorch's layout. */
export function autoencoderKlShapes(config: AutoencoderKlConfig): Shapes {
  const { options, down, encoderMid, decoderMid, up } = planAutoencoder(config, false);
  const shapes: Shapes = new Map();
  const widths = config.block_out_channels;
  const [first, bottom, latent] = [widths[0]!, widths[widths.length - 1]!, config.latent_channels];
  convShapes(shapes, 'encoder.conv_in', config.in_channels, first);
  for (const level of down) levelShapes(shapes, level, options, 'downsamplers.0.conv');
  midBlockShapes(shapes, encoderMid, options);
  normShapes(shapes, 'encoder.conv_norm_out', bottom);
  convShapes(shapes, 'encoder.conv_out', bottom, 2 * latent);
  if (config.use_quant_conv) convShapes(shapes, 'quant_conv', 2 * latent, 2 * latent, 1);
  if (config.use_post_quant_conv) convShapes(shapes, 'post_quant_conv', latent, latent, 1);
  convShapes(shapes, 'decoder.conv_in', latent, bottom);
  midBlockShapes(shapes, decoderMid, options);
  for (const level of up) levelShapes(shapes, level, options, 'upsamplers.0.conv');
  normShapes(shapes, 'decoder.conv_norm_out', first);
  convShapes(shapes, 'decoder.conv_out', first, config.out_channels);
  return shapes;
}

function levelShapes(shapes: Shapes, level: Level, options: BlockOptions, resampler: string): void {
  for (const block of level.resnets) resnetShapes(shapes, block, options);
  if (level.resample !== null) convShapes(shapes, `${level.prefix}.${resampler}`, level.resample, level.resample);
}

/**
 * Encodes images into the distribution q(z | x) of their latents.
 *
 * Source: Kingma & Welling 2014, arXiv:1312.6114; architecture: Rombach et al. 2022, arXiv:2112.10752 (diffusers' AutoencoderKL).
 * @param x float32 (B, H, W, in_channels / patch_size²), range [−1, 1]; H and W divisible by f, `pixelsPerLatent`
 * @returns mean and logVar (clamped to −30 … 20), (B, H/f, W/f, latent_channels); the caller disposes both
 */
export function encode(
  config: AutoencoderKlConfig,
  weights: Weights,
  x: Tensor4D,
  circular = false,
): LatentDistribution {
  // The slices free what the rest of the pass no longer needs.
  return tidy(() => distributionOf(runToEnd(inSlices(encoderPass(config, weights, x, circular), [x]))));
}

/**
 * The mean of `encode` in slices of about one convolution each; `return()` gives it up.
 *
 * @returns through the generator, (B, H/f, W/f, latent_channels); the caller disposes it, and keeps x until then
 */
export function encodeMeanInSlices(
  config: AutoencoderKlConfig,
  weights: Weights,
  x: Tensor4D,
  circular = false,
): Generator<void, Tensor4D> {
  return inSlices(meanPass(config, weights, x, circular), [x]);
}

function* meanPass(config: AutoencoderKlConfig, weights: Weights, x: Tensor4D, circular: boolean): ForwardPass {
  return meanOf(yield* encoderPass(config, weights, x, circular));
}

/** Mean and log variance of the posterior, one after another: (B, H/f, W/f, 2 · latent_channels). */
function* encoderPass(config: AutoencoderKlConfig, weights: Weights, x: Tensor4D, circular: boolean): ForwardPass {
  const { options, down, encoderMid } = planAutoencoder(config, circular);
  checkSize(config, x);
  let h = conv(weights, 'encoder.conv_in', toPatches(x, config.patch_size), { circular });
  for (const level of down) {
    for (const block of level.resnets) {
      yield [h];
      h = yield* resnetPass(weights, block, h, null, options);
    }
    yield [h];
    if (level.resample !== null) h = downsample(weights, `${level.prefix}.downsamplers.0.conv`, h, 0, circular);
  }
  h = yield* midBlockPass(weights, encoderMid, h, null, options);
  h = conv(weights, 'encoder.conv_out', norm(weights, 'encoder.conv_norm_out', h, options), { circular });
  return config.use_quant_conv ? conv(weights, 'quant_conv', h, { padding: 0 }) : h;
}

/**
 * Decodes latents into images.
 *
 * @param z float32 (B, h, w, latent_channels), as `encode` gives them (not scaled)
 * @returns float32 (B, h·f, w·f, out_channels / patch_size²), about [−1, 1]; the caller disposes it
 */
export function decode(config: AutoencoderKlConfig, weights: Weights, z: Tensor4D, circular = false): Tensor4D {
  return tidy(() => runToEnd(decoderPass(config, weights, z, circular)));
}

/**
 * `decode` in slices of about one convolution each; `return()` gives it up.
 *
 * @returns through the generator, what `decode` returns; the caller disposes it, and keeps z until then
 */
export function decodeInSlices(
  config: AutoencoderKlConfig,
  weights: Weights,
  z: Tensor4D,
  circular = false,
): Generator<void, Tensor4D> {
  return inSlices(decoderPass(config, weights, z, circular), [z]);
}

function* decoderPass(config: AutoencoderKlConfig, weights: Weights, z: Tensor4D, circular: boolean): ForwardPass {
  const { options, decoderMid, up } = planAutoencoder(config, circular);
  let h = config.use_post_quant_conv ? conv(weights, 'post_quant_conv', z, { padding: 0 }) : z;
  h = conv(weights, 'decoder.conv_in', h, { circular });
  yield [h];
  h = yield* midBlockPass(weights, decoderMid, h, null, options);
  for (const level of up) {
    for (const block of level.resnets) {
      yield [h];
      h = yield* resnetPass(weights, block, h, null, options);
    }
    yield [h];
    if (level.resample !== null) h = upsample(weights, `${level.prefix}.upsamplers.0.conv`, h, circular);
  }
  h = conv(weights, 'decoder.conv_out', norm(weights, 'decoder.conv_norm_out', h, options), { circular });
  return fromPatches(h, config.patch_size);
}

function checkSize(config: AutoencoderKlConfig, x: Tensor4D): void {
  const [, height, width, channels] = x.shape;
  const divisor = pixelsPerLatent(config);
  const expected = pixelChannels(config).in;
  if (height % divisor !== 0 || width % divisor !== 0) {
    throw new RangeError(`encode: ${width}×${height} is not a multiple of ${divisor}; resize or crop the image`);
  }
  if (channels !== expected) {
    throw new RangeError(
      `encode: the image has ${channels} channels; expected ${expected}, as the pictures of its training; convert the image`,
    );
  }
}
