// The distribution q(z | x) of latents that an encoder gives: how it is made of the encoder's output, draws from it, and how far it
// is from the prior.
import {
  add,
  clipByValue,
  exp,
  mul,
  slice,
  square,
  sub,
  type Tensor,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';

/** A diagonal normal distribution over latents: (B, h, w, c) each, or one vector an image, (B, latent_size). */
export type LatentDistribution<T extends Tensor = Tensor4D> = { mean: T; logVar: T };

/** Keeps e^logVar from vanishing and from growing beyond float32; the bounds are those of Rombach et al. 2022, in their code. */
const LOG_VAR_RANGE = [-30, 20] as const;

/**
 * The distribution that an encoder's output stands for.
 *
 * @param moments float32 (…, 2c): c means, and behind them c logarithms of variances
 * @returns       mean and logVar (clamped to −30 … 20), (…, c) each; the caller disposes both
 */
export function distributionOf<T extends Tensor>(moments: T): LatentDistribution<T> {
  return tidy(() => ({ mean: meanOf(moments), logVar: clipByValue(halfOf(moments, 1), ...LOG_VAR_RANGE) }));
}

/** The mean of `distributionOf` alone, (…, c); the caller disposes it. */
export function meanOf<T extends Tensor>(moments: T): T {
  return halfOf(moments, 0);
}

function halfOf<T extends Tensor>(moments: T, which: 0 | 1): T {
  const others = moments.shape.slice(0, -1);
  const channels = moments.shape.at(-1)! / 2;
  return slice(moments, [...others.map(() => 0), which * channels], [...others.map(() => -1), channels]) as T;
}

/** The standard deviation exp(logVar / 2), shape of logVar; the caller disposes it. */
export function stdOf<T extends Tensor>({ logVar }: Pick<LatentDistribution<T>, 'logVar'>): T {
  return tidy(() => exp(mul(logVar, 0.5)) as T);
}

/**
 * One draw z = mean + exp(logVar / 2) · eps: the reparameterisation of Kingma & Welling 2014, section 2.4.
 *
 * @param eps standard normal, shape of mean
 * @returns   z, shape of mean; the caller disposes it
 */
export function sampleLatents<T extends Tensor>(distribution: LatentDistribution<T>, eps: T): T {
  return tidy(() => add(distribution.mean, mul(stdOf(distribution), eps)) as T);
}

/**
 * Kullback–Leibler divergence from the standard normal, of each latent value alone: ½ (mean² + e^logVar − 1 − logVar). That of
 * a whole distribution is the sum over its values.
 *
 * Source: Kingma & Welling 2014, arXiv:1312.6114, appendix B.
 * @returns shape of mean, nats, 0 or more; the caller disposes it
 */
export function klOfValues<T extends Tensor>({ mean, logVar }: LatentDistribution<T>): T {
  return tidy(() => mul(0.5, sub(add(square(mean), exp(logVar)), add(logVar, 1))) as T);
}
