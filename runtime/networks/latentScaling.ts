// How latents become those that a U-Net works with, whose variance is about 1, and back: as tensors, and as numbers.
import { add, div, mul, sub, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { AutoencoderKlConfig } from './autoencoderKlConfig.ts';

/** What latents are standardised by, (z − mean) / std: a number for each channel of the auto-encoder. */
export interface LatentStatistics {
  mean: number[];
  /** The standard deviations, each above 0. */
  std: number[];
}

/** The entries of an auto-encoder's config that say how a U-Net takes its latents. */
export type LatentScaling = Pick<
  AutoencoderKlConfig,
  'latents_mean' | 'latents_std' | 'shift_factor' | 'scaling_factor'
>;

/**
 * Latents to the space the diffusion works in: standardised by channel where the config has latents_mean and
 * latents_std, else shifted and scaled (Rombach et al. 2022, appendix G).
 *
 * @param z float32 (B, h, w, latent_channels), as `encode` gives them; it stays the caller's
 * @returns shape of z; the caller disposes it
 */
export function scaleLatents(scaling: LatentScaling, z: Tensor4D): Tensor4D {
  const { latents_mean: mean, latents_std: std, shift_factor: shift, scaling_factor: scale } = scaling;
  return tidy(() => {
    if (mean && std) return mul(div(sub(z, tensor1d(mean)), tensor1d(std)), scale);
    return mul(sub(z, shift ?? 0), scale);
  });
}

/**
 * The inverse of `scaleLatents`.
 *
 * @param z float32 (B, h, w, latent_channels), as a U-Net makes them; it stays the caller's
 * @returns shape of z, as `decode` takes them; the caller disposes it
 */
export function unscaleLatents(scaling: LatentScaling, z: Tensor4D): Tensor4D {
  const { latents_mean: mean, latents_std: std, shift_factor: shift, scaling_factor: scale } = scaling;
  return tidy(() => {
    if (mean && std) return add(mul(div(z, scale), tensor1d(std)), tensor1d(mean));
    return add(div(z, scale), shift ?? 0);
  });
}

/**
 * What `scaleLatents` does to one number, in float64.
 *
 * @returns a function of the number and its place in (h, w, c), or in (h, w, F · c), where each of F frames has all c channels
 */
export function latentScaler({
  latents_mean: mean,
  latents_std: std,
  shift_factor: shift,
  scaling_factor: scale,
}: LatentScaling): (z: number, place: number) => number {
  if (!mean || !std) return (z) => (z - (shift ?? 0)) * scale;
  return (z, place) => (z - mean[place % mean.length]!) * (scale / std[place % mean.length]!);
}

/** What statistics do to one number, (z − mean) / std, in float64. @returns a function as that of `latentScaler` */
export function standardiser({ mean, std }: LatentStatistics): (z: number, place: number) => number {
  return (z, place) => (z - mean[place % mean.length]!) / std[place % mean.length]!;
}

/** The statistics for which (z − mean) / std is what `scaleLatents` computes; std is divided by the scaling factor. */
export function statisticsOfConfig(
  config: LatentScaling & Pick<AutoencoderKlConfig, 'latent_channels'>,
): LatentStatistics {
  const { latents_mean, latents_std, shift_factor, scaling_factor, latent_channels } = config;
  if (latents_mean && latents_std) {
    return { mean: [...latents_mean], std: latents_std.map((std) => std / scaling_factor) };
  }
  return sameForAll(latent_channels, shift_factor ?? 0, 1 / scaling_factor);
}

/** The statistics of pixels, which are between −1 and 1, and stay as they are: 0 and 1 for each channel. */
export function pixelStatistics(channels: number): LatentStatistics {
  return sameForAll(channels, 0, 1);
}

function sameForAll(channels: number, mean: number, std: number): LatentStatistics {
  return { mean: new Array<number>(channels).fill(mean), std: new Array<number>(channels).fill(std) };
}
